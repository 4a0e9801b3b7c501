import { pino } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import { type NarrowedLimits, STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { memoryTransport, Puppet, turns } from '../../testing/engine_rig.ts';
import { NO_MAIL } from '../../testing/mail_server.ts';
import { nativeHandlers } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { BlobCodec } from '../blobs/codec.ts';
import { NO_FAULTS } from '../faults.ts';
import { createHostServices } from '../imports/host_functions.ts';
import { loadSecrets } from '../imports/secrets.ts';
import type { Executor } from '../sandbox/port.ts';
import {
  CLAIM,
  cancelMessage,
  dispatchMessage,
  type ResultData,
  readClaim,
  readResult,
} from '../transport/messages.ts';
import type { Transport } from '../transport/port.ts';
import { Broker } from './broker.ts';

const test = suite('broker');

const LIMITS = {
  ...STEP_LIMIT_PRESETS,
  step_timeout_ms_max: 1_000,
  template_bytes_max: 1,
  context_bytes_max: 1,
  template_steps_max: 1,
};

const SECRET = 'canary-value-of-a-secret';

interface Bench {
  readonly broker: Broker;
  readonly transport: Transport;
  readonly puppet: Puppet;
  /** Of what was published, oldest first. */
  readonly results: ResultData[];
  send(
    step_id: string,
    rest?: { attempt?: number; digest?: string; timeout_ms?: number; limits?: NarrowedLimits },
  ): Promise<void>;
}

async function bench(parts: { transport?: Transport; executor?: Executor; capacity?: number } = {}): Promise<Bench> {
  const { transport = memoryTransport(), capacity = 4 } = parts;
  const puppet = new Puppet();
  const logger = pino({ level: 'silent' });
  const host = await createHostServices(
    { egress: { allow: [] }, mail: NO_MAIL },
    {
      secrets: await loadSecrets({ KEY: { source: { env: 'KEY' }, hosts: [] } }, 's', { KEY: SECRET }),
      audit: () => undefined,
      log: logger,
    },
  );
  const broker = new Broker({
    name: 'b1',
    namespaces: ['*'],
    transport,
    blobs: new BlobCodec(),
    blobStore: { readBlob: async () => undefined, putBlob: async () => undefined },
    executor: parts.executor ?? nativeHandlers([puppet], capacity).executor,
    host,
    limits: LIMITS,
    logger,
    faults: NO_FAULTS,
    now: () => 7,
  });
  const results: ResultData[] = [];
  await transport.consumeResults((delivery) => {
    results.push(readResult(delivery.message)!);
    delivery.ack();
  });
  await broker.start();
  return {
    broker,
    transport,
    puppet,
    results,
    send: (step_id, { attempt = 1, digest = 'native:puppet', timeout_ms = 1_000, limits } = {}) => {
      const names = { step_name: 's', namespace: 'default', template_name: 't', idempotency_key: step_id };
      const data = {
        identity: { task_id: 't1', step_id, attempt, activation: 0, ...names },
        pin: { name: 'puppet', version: '1.0.0', digest },
        config: {},
        inputs: {},
        timeout_ms,
        egress: [],
        secrets: [],
        ...(limits === undefined ? {} : { limits }),
      };
      return transport.publishStep('default', dispatchMessage(data, 0));
    },
  };
}

const brief = ({ step_id, attempt, kind }: ResultData) => ({ step_id, attempt, kind });

test('claims a dispatch, runs it and answers with a receipt', async () => {
  const { puppet, results, send, transport, broker } = await bench();
  const claims: unknown[] = [];
  await transport.onBroadcast(CLAIM, (message) => void claims.push(readClaim(message)));
  await send('t1.0');
  (await puppet.next()).complete(1);
  await turns();
  const fence = { task_id: 't1', step_id: 't1.0', attempt: 1, activation: 0 };
  assert.equal(claims, [{ ...fence, broker: 'b1', claimed_at: 7 }]);
  const [{ receipt, ...result }] = results as [ResultData];
  assert.equal(result, { ...fence, kind: 'outcome', outcome: { kind: 'complete', result: 1 } });
  assert.equal([receipt?.broker, receipt?.claimed_at, receipt?.['host_calls']], ['b1', 7, 0]);
  await broker.drain(0);
});

test('a dispatch that is delivered again while it runs is run once and answered for both', async () => {
  const { puppet, results, send, broker } = await bench();
  await send('t1.0');
  await send('t1.0');
  const run = await puppet.next();
  await turns();
  run.complete();
  await turns();
  assert.equal([puppet.runs, results.map(brief)], [1, Array(2).fill({ step_id: 't1.0', attempt: 1, kind: 'outcome' })]);
  await broker.drain(0);
});

test('another attempt of a step is another run', async () => {
  const { puppet, results, send, broker } = await bench();
  await send('t1.0');
  await send('t1.0', { attempt: 2 });
  for (const run of [await puppet.next(), await puppet.next()]) run.complete();
  await turns();
  assert.equal(
    results.map(({ attempt }) => attempt),
    [1, 2],
  );
  await broker.drain(0);
});

test('no step runs longer than the operator allows', async () => {
  const { puppet, send, broker } = await bench();
  await send('t1.0', { timeout_ms: 3_600_000 });
  const run = await puppet.next();
  assert.is(run.step.limits.timeout_ms, LIMITS.step_timeout_ms_max);
  run.complete();
  await broker.drain(1_000);
});

test('a component that is not here is answered as such', async () => {
  const { results, send, broker } = await bench();
  await send('t1.0', { digest: 'native:other' });
  await turns();
  assert.equal(results.map(brief), [{ step_id: 't1.0', attempt: 1, kind: 'unavailable' }]);
  await broker.drain(0);
});

test('a cancelled step is killed when it runs and not started when it waits', async () => {
  const { puppet, results, send, transport, broker } = await bench({ capacity: 1 });
  await send('t1.0');
  await send('t1.1');
  await send('t1.2');
  await puppet.next();
  for (const step_id of ['t1.0', 't1.1']) await transport.broadcast(cancelMessage({ task_id: 't1', step_id }, 0));
  (await puppet.next()).complete();
  await turns();
  assert.is(puppet.runs, 2);
  assert.equal(
    results.map((result) => [result.step_id, result.kind === 'failure' ? result.failure.code : result.kind]),
    [
      ['t1.0', 'cancelled'],
      ['t1.2', 'outcome'],
    ],
  );
  await broker.drain(0);
});

test('an executor that breaks fails the step, alone', async () => {
  const executor: Executor = {
    capacity: 1,
    has: () => true,
    run: () => Promise.reject(new Error('no memory')),
    close: async () => undefined,
  };
  const { results, send, broker } = await bench({ executor });
  await send('t1.0');
  await send('t1.1');
  await turns();
  const failures = results.map((result) => (result.kind === 'failure' ? result.failure : undefined));
  assert.equal(
    failures.map((failure) => [failure?.code, failure?.retryable]),
    Array(2).fill(['broker_bug', false]),
  );
  assert.match(failures[0]!.message, 'no memory');
  const { broker: name, host_calls, run_ms, denied } = results[0]!.receipt!;
  assert.equal([name, host_calls, run_ms, denied], ['b1', 0, 0, []], 'what was never run has a receipt as well');
  await broker.drain(0);
});

test('a result that is not taken is offered again; the step does not run again', async () => {
  let refusals = 0;
  const inner = memoryTransport();
  const refuse = () => Promise.reject(new WeftError('transport_unavailable', { problem: 'the test says so' }));
  const transport: Transport = {
    ...inner,
    publishResult: (taskId, message) => (refusals++ === 0 ? refuse() : inner.publishResult(taskId, message)),
    broadcast: refuse,
  };
  const { puppet, results, send, broker } = await bench({ transport });
  await send('t1.0');
  (await puppet.next()).complete();
  while (results.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal([puppet.runs, refusals, results.length], [1, 2, 1]);
  await broker.drain(0);
});

test('a drain takes nothing new, waits for its grace, then gives back what runs', async () => {
  const { puppet, results, send, transport, broker } = await bench();
  await send('t1.0');
  await send('t1.1');
  const [quick, slow] = [await puppet.next(), await puppet.next()];
  const draining = broker.drain(50);
  await send('t1.2');
  quick.complete();
  await draining;
  await turns();
  assert.ok(slow.step.signal.aborted);
  assert.equal(
    results.map(({ step_id }) => step_id),
    ['t1.0'],
  );
  const left: (string | undefined)[] = [];
  await transport.consumeSteps(['*'], { prefetch: 10 }, (delivery) => {
    left.push(delivery.message.subject);
    delivery.ack();
  });
  await turns();
  assert.equal(left.sort(), ['t1.1', 't1.2']);
});

test('a step that is cancelled during a drain ends it', async () => {
  const { puppet, send, transport, broker } = await bench();
  await send('t1.0');
  await puppet.next();
  const draining = broker.drain(3_600_000);
  await transport.broadcast(cancelMessage({ task_id: 't1', step_id: 't1.0' }, 0));
  await draining;
});

test('a drain does not wait for a transport that takes no results', async () => {
  const inner = memoryTransport();
  const publishResult = () => Promise.reject(new WeftError('transport_unavailable', { problem: 'the test says so' }));
  const { puppet, send, broker } = await bench({ transport: { ...inner, publishResult } });
  await send('t1.0');
  (await puppet.next()).complete();
  await turns();
  await broker.drain(20);
});

test('what a run brings leaves the broker without secrets, whatever the guest made of them', async () => {
  const { puppet, results, send, broker } = await bench();
  await send('t1.0');
  await send('t1.1');
  const [well, badly] = [await puppet.next(), await puppet.next()];
  well.complete({ [SECRET]: [`a ${SECRET}`, btoa(SECRET), encodeURIComponent(SECRET)] });
  badly.fail({
    code: 'odd',
    message: `it was ${SECRET.slice(0, 12)}`,
    details: { hex: Buffer.from(SECRET).toString('hex') },
  });
  await turns();
  assert.equal(
    results.map((result) => (result.kind === 'outcome' ? result.outcome : result.kind === 'failure' && result.failure)),
    [
      {
        kind: 'complete',
        result: { '[redacted:KEY]': ['a [redacted:KEY]', '[redacted:KEY]', '[redacted:KEY]'] },
      },
      { code: 'odd', message: 'it was [redacted:KEY]', retryable: false, details: { hex: '[redacted:KEY]' } },
    ],
  );
  await broker.drain(0);
});

test('a step narrows what it may use, and never widens it', async () => {
  const { puppet, send, broker } = await bench();
  await send('t1.0', { limits: { host_calls_max: 3, io_bytes_max: 2 ** 40 } });
  const run = await puppet.next();
  assert.equal(run.step.limits, { ...STEP_LIMIT_PRESETS, host_calls_max: 3, timeout_ms: 1_000 });
  run.complete();
  await broker.drain(0);
});
