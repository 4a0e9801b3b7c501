import { pino } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { memoryTransport, Puppet, turns } from '../../testing/engine_rig.ts';
import { NO_MAIL } from '../../testing/mail_server.ts';
import { nativeHandlers } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { BlobCodec } from '../blobs/codec.ts';
import { dispatchApart, wholeResult } from '../blobs/messages.ts';
import type { Blob } from '../blobs/port.ts';
import { NO_FAULTS } from '../faults.ts';
import { createHostServices } from '../imports/host_functions.ts';
import { loadSecrets } from '../imports/secrets.ts';
import { type DispatchData, dispatchMessage, type ResultData, readResult } from '../transport/messages.ts';
import { Broker } from './broker.ts';

const test = suite('broker: large values');

const LIMITS = {
  ...STEP_LIMIT_PRESETS,
  step_timeout_ms_max: 10_000,
  template_bytes_max: 1,
  context_bytes_max: 1,
  template_steps_max: 1,
};
const CODEC = new BlobCodec(200);
const LARGE = 'x'.repeat(500);

/** A store of large values that fails as often as is said. */
class Blobs {
  readonly kept = new Map<string, Uint8Array>();
  failures = 0;

  keep(blobs: readonly Blob[]): void {
    for (const { digest, data } of blobs) this.kept.set(digest, data);
  }

  readBlob = async (digest: string): Promise<Uint8Array | undefined> => {
    this.#mayFail();
    return this.kept.get(digest);
  };

  putBlob = async (blob: Blob): Promise<void> => {
    this.#mayFail();
    this.keep([blob]);
  };

  damage(): void {
    for (const digest of this.kept.keys()) this.kept.set(digest, Buffer.from('{}'));
  }

  #mayFail(): void {
    if (this.failures-- > 0) throw new WeftError('store_unavailable', { problem: 'the test says so' });
  }
}

interface Bench {
  readonly puppet: Puppet;
  readonly blobs: Blobs;
  send(inputs: Json): Promise<void>;
  /** The next result, as it was sent. */
  result(): Promise<ResultData>;
}

async function bench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const transport = memoryTransport();
  const puppet = new Puppet();
  const blobs = new Blobs();
  const logger = pino({ level: 'silent' });
  const host = await createHostServices(
    { egress: { allow: [] }, mail: NO_MAIL },
    { secrets: await loadSecrets({}, 's', {}), audit: () => undefined, log: logger },
  );
  const broker = new Broker({
    name: 'b1',
    namespaces: ['*'],
    transport,
    blobs: CODEC,
    blobStore: blobs,
    executor: nativeHandlers([puppet], 4).executor,
    host,
    limits: LIMITS,
    logger,
    faults: NO_FAULTS,
    now: () => 7,
  });
  const next = Promise.withResolvers<ResultData>();
  await transport.consumeResults((delivery) => {
    next.resolve(readResult(delivery.message)!);
    delivery.ack();
  });
  await broker.start();
  await use({
    puppet,
    blobs,
    async send(inputs) {
      const { value, blobs: apart } = dispatchApart(CODEC, dispatchOf(inputs));
      blobs.keep(apart);
      await transport.publishStep('default', dispatchMessage(value, 0));
    },
    result: () => next.promise,
  });
  await broker.drain(0);
}

function dispatchOf(inputs: Json): DispatchData {
  const names = { step_name: 's', namespace: 'default', template_name: 't', idempotency_key: 't1.0' };
  return {
    identity: { task_id: 't1', step_id: 't1.0', attempt: 1, activation: 0, ...names },
    pin: { name: 'puppet', version: '1.0.0', digest: 'native:puppet' },
    config: {},
    inputs,
    timeout_ms: 10_000,
    egress: [],
    secrets: [],
  };
}

test('large inputs are fetched, a large outcome is there before its message', () =>
  bench(async ({ puppet, blobs, send, result }) => {
    await send({ large: LARGE });
    const run = await puppet.next();
    assert.equal(run.step.inputs, { large: LARGE });
    run.end({ kind: 'batches', items: [LARGE, LARGE], max_concurrency: 0, result: 1 });
    const sent = await result();
    assert.ok(JSON.stringify(sent).length < LARGE.length, 'the items travel apart');
    const whole = await wholeResult(sent, blobs);
    assert.equal(whole.kind === 'outcome' && whole.outcome.kind === 'batches' && whole.outcome.items, [LARGE, LARGE]);
  }));

test('a store that does not answer costs no attempt', () =>
  bench(async ({ puppet, blobs, send, result }) => {
    blobs.failures = 1;
    await send({ large: LARGE });
    const run = await puppet.next();
    assert.is(run.step.identity.attempt, 1);
    blobs.failures = 1;
    run.complete(LARGE);
    assert.is((await result()).kind, 'outcome');
    assert.is(puppet.runs, 1);
  }));

for (const [what, spoil] of [
  ['missing', (blobs: Blobs) => blobs.kept.clear()],
  ['damaged', (blobs: Blobs) => blobs.damage()],
] as const) {
  test(`large inputs that are ${what} fail the attempt before anything runs`, () =>
    bench(async ({ puppet, blobs, send, result }) => {
      const sending = send({ large: LARGE });
      spoil(blobs);
      await sending;
      const sent = await result();
      assert.is(sent.kind === 'failure' && sent.failure.code, 'blob_unreadable');
      assert.match(String(sent.kind === 'failure' && sent.failure.message), `is ${what}`);
      await turns();
      assert.is(puppet.runs, 0);
    }));
}

test('a large value of the wrong kind is refused', async () => {
  const blobs = new Blobs();
  const items = CODEC.apart(LARGE as Json, (value, map) => map(value));
  blobs.keep(items.blobs);
  const result = {
    ...{ task_id: 't1', step_id: 't1.0', attempt: 1, activation: 0 },
    kind: 'outcome',
    outcome: { kind: 'batches', items: items.value, max_concurrency: 0, result: 1 },
  } as unknown as ResultData;
  const refusal = await wholeResult(result, blobs).then(
    () => 'none',
    (error: WeftError) => error.message,
  );
  assert.match(refusal, 'not of the kind that belongs there');
});
