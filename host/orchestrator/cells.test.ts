import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../kernel/json.ts';
import { journal, Rig, settled, step, stepIs, submission, until } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { loadConfig } from '../config/load.ts';
import type { OperatorConfig } from '../config/types.ts';

const test = suite('engine: steps in cells that are ended');

const ACT = { by: 'ada', reason: 'because' };
const OUTPUT_BYTES_MAX = 20_000;

/** A server that never answers; the test hears of requests and of connections that end. */
async function silentServer() {
  const requests: IncomingMessage[] = [];
  const heard: (() => void)[] = [];
  const tell = (): void => {
    for (const each of heard.splice(0)) each();
  };
  let gone = 0;
  const server = createServer((request) => {
    requests.push(request);
    request.socket.on('close', () => {
      gone++;
      tell();
    });
    tell();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const once = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => heard.push(resolve));
  };
  return {
    port,
    requests,
    asked: (count: number) => once(() => requests.length >= count),
    left: (count: number) => once(() => gone >= count),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type SilentServer = Awaited<ReturnType<typeof silentServer>>;

async function inCells(
  use: (rig: Rig, config: Partial<OperatorConfig>, server: SilentServer) => Promise<void>,
): Promise<void> {
  const server = await silentServer();
  try {
    await Rig.with(async (rig) => {
      const { limits } = await loadConfig({ cwd: rig.directory, env: {} });
      await use(
        rig,
        {
          broker: { cells: 1, cell_heap_mb: 128, drain_grace_ms: 0 },
          egress: { allow: [{ scheme: 'http', host: '127.0.0.1', port: server.port, private: true }] },
          limits: { ...limits, output_bytes_max: OUTPUT_BYTES_MAX },
        },
        server,
      );
    });
  } finally {
    await server.close();
  }
}

const ask = (name: string, port: number, rest: JsonObject = {}): JsonObject =>
  step(name, { catalog: 'http_request', config: { url: `http://127.0.0.1:${port}/` }, ...rest });

const frame = (port: number): JsonObject => ({ egress: [{ scheme: 'http', host: '127.0.0.1', port }] });

test('a step that does not end is killed at its timeout, tried again, and its host calls end with it', () =>
  inCells(async (rig, config, server) => {
    const { engine } = await rig.start({ handlers: 'cells', config });
    const retry = { max_attempts: 2, backoff: 'none', base_ms: 1 };
    const steps = [ask('a', server.port, { timeout_ms: 1_500, retry })];
    const { task } = await engine.submit(submission(steps, { frame: frame(server.port) }));
    const failed = await stepIs(engine, task.task_id, 'a', 'error');
    assert.equal([failed.steps[0]!.attempt, failed.steps[0]!.failure?.['code']], [2, 'timeout']);
    // On a slow machine an attempt may end before it has asked; every call that was made has ended.
    await server.left(server.requests.length);
    assert.ok(server.requests.length <= 2);
    // The next step has a cell that works.
    const after = await engine.submit(
      submission([step('b', { catalog: 'transform', config: { expression: '1 + 1' } })]),
    );
    assert.is((await settled(engine, after.task.task_id)).steps[0]!.result, 2);
  }));

test('cancelling kills the run and the call it waits for, and starts nothing that waits for the cell', () =>
  inCells(async (rig, config, server) => {
    const { engine } = await rig.start({ handlers: 'cells', config });
    const steps = [ask('a', server.port), ask('b', server.port)];
    const { task } = await engine.submit(submission(steps, { frame: frame(server.port) }));
    await server.asked(1);
    await until(engine, task.task_id, (seen) => seen.steps.some(({ in_progress }) => in_progress !== null));
    const cancelled = await engine.cancel(task.task_id, ACT);
    assert.equal(
      cancelled.steps.map(({ status }) => status),
      ['cancelled', 'cancelled'],
    );
    await server.left(1);
    const after = await engine.submit(
      submission([step('c', { catalog: 'transform', config: { expression: '1 + 1' } })]),
    );
    await settled(engine, after.task.task_id);
    assert.is(server.requests.length, 1);
    assert.is((await engine.task(task.task_id)).seq, cancelled.seq);
  }));

test('a result beyond the limit fails its step alone', () =>
  inCells(async (rig, config) => {
    const { engine } = await rig.start({ handlers: 'cells', config });
    const grow = (name: string, length: number): JsonObject =>
      step(name, { catalog: 'transform', config: { expression: `$pad("x", ${length})` }, inputs: {} });
    const { task } = await engine.submit(submission([grow('large', OUTPUT_BYTES_MAX + 1), grow('small', 10_000)]));
    await stepIs(engine, task.task_id, 'small', 'complete');
    const seen = await stepIs(engine, task.task_id, 'large', 'error');
    assert.is(seen.steps[0]!.failure?.['code'], 'output_too_large');
    assert.ok(JSON.stringify(await journal(engine, task.task_id)).length < 3 * OUTPUT_BYTES_MAX);
  }));

test('a restart in the middle of a call runs the step again, at no attempt', () =>
  inCells(async (rig, config, server) => {
    const first = await rig.start({ handlers: 'cells', config });
    const { task } = await first.engine.submit(submission([ask('a', server.port)], { frame: frame(server.port) }));
    await server.asked(1);
    await first.close();
    await server.left(1);
    const second = await rig.start({ handlers: 'cells', config });
    await server.asked(2);
    const { attempt, status } = await second.engine.step(task.task_id, 'a');
    assert.equal([attempt, status], [1, 'enqueued']);
    await second.engine.cancel(task.task_id, ACT);
  }));
