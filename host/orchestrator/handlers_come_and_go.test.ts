import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../kernel/json.ts';
import { Rig, settled, step, stepIs, submission } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { builtInHandlers } from '../catalog/built_in.ts';
import type { OperatorConfig } from '../config/types.ts';
import { greeterVariant } from '../sandbox/fixtures/variant.ts';
import type { Engine } from './port.ts';

const test = suite('engine: handlers that come and go');

async function withGreeter(use: (engine: Engine, file: string) => Promise<void>): Promise<void> {
  await Rig.with(async (rig) => {
    const directory = join(rig.directory, 'handlers');
    await mkdir(directory);
    const file = join(directory, 'greeter.wasm');
    await writeFile(file, await greeterVariant());
    const config: Partial<OperatorConfig> = {
      handlers: { directories: [builtInHandlers(), directory], grants: [{ imports: ['http'] }] },
    };
    const { engine } = await rig.start({ handlers: 'cells', config });
    await use(engine, file);
  });
}

async function offers(engine: Engine, name: string, expected: boolean): Promise<void> {
  const until = performance.now() + 20_000;
  while (engine.handlers().some((entry) => entry.name === name) !== expected) {
    if (performance.now() > until) throw new Error(`${name} is ${expected ? 'not' : 'still'} offered`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const greet = (name: string, rest: JsonObject = {}): JsonObject =>
  step(name, { catalog: 'greeter', inputs: { name: 'Ada' }, ...rest });

test('a step that waits for a handler goes on when its file comes back, without a restart', () =>
  withGreeter(async (engine, file) => {
    const rules = [{ when: 'true', then: ['b'] }];
    const route = step('route', { type: 'decision', catalog: 'decide', config: { rules } });
    const steps = [route, greet('b', { dependencies: ['route'] })];
    const { task } = await engine.submit({ ...submission(steps), paused: true });
    await rm(file);
    await offers(engine, 'greeter', false);
    await engine.resume(task.task_id, { by: 'ada', reason: 'because' });
    await stepIs(engine, task.task_id, 'b', 'waiting_for_worker');
    await writeFile(file, await greeterVariant());
    const ended = await settled(engine, task.task_id);
    assert.equal(ended.steps[1]!.result, { said: 'hello Ada', by: '1.0.0' });
    assert.is(ended.steps[1]!.attempt, 1);
  }));

test('templates are checked against the handlers of the moment', () =>
  withGreeter(async (engine, file) => {
    const { template } = submission([greet('a')]);
    const codes = async (): Promise<readonly string[]> =>
      (await engine.check(template)).diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    assert.equal(await codes(), []);
    await rm(file);
    await offers(engine, 'greeter', false);
    assert.equal(await codes(), ['handler_unknown']);
    await writeFile(file, await greeterVariant());
    await offers(engine, 'greeter', true);
    assert.equal(await codes(), []);
  }));

test('a step that is killed at its timeout leaves a whole receipt', () =>
  withGreeter(async (engine) => {
    // There is a cell that works, so that the next step does not spend its time waiting for one.
    const before = await engine.submit(submission([greet('a')]));
    await settled(engine, before.task.task_id);
    const endless = greet('a', { config: { spins: 1e15 }, timeout_ms: 2_000, retry: { max_attempts: 1 } });
    const { task } = await engine.submit(submission([endless]));
    const { steps } = await stepIs(engine, task.task_id, 'a', 'error');
    const { receipt, failure } = steps[0]!;
    assert.is(failure?.['code'], 'timeout');
    const { broker, claimed_at, queue_ms, run_ms, cell_pid, ...used } = receipt!;
    assert.ok(broker !== '' && claimed_at > 0 && queue_ms! >= 0 && cell_pid! > 0);
    assert.ok(run_ms! > 0 && queue_ms! + run_ms! >= 1_900, `it waited ${queue_ms} ms and ran ${run_ms} ms`);
    assert.equal(used, {
      instantiate_ms: 0,
      memory_bytes: 0,
      host_calls: 0,
      hosts: [],
      bytes_in: 0,
      bytes_out: 0,
      denials: 0,
      denied: [],
      secret_uses: [],
    });
  }));

test('a receipt tells what was refused', () =>
  withGreeter(async (engine) => {
    const away = greet('a', { config: { url: 'https://away.example/' }, retry: { max_attempts: 1 } });
    const { task } = await engine.submit(submission([away]));
    const { receipt } = (await stepIs(engine, task.task_id, 'a', 'error')).steps[0]!;
    assert.is(receipt!.denials, 1);
    assert.match(receipt!.denied![0]!.target, 'away.example');
    assert.ok(receipt!.run_ms! > 0 && receipt!.memory_bytes! > 0);
  }));
