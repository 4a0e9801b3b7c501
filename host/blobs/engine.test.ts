import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Json, JsonObject } from '../../kernel/json.ts';
import {
  happened,
  journal,
  memoryTransport,
  Puppet,
  Rig,
  settled,
  step,
  stepIs,
  submission,
} from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import type { Weft } from '../compose.ts';
import type { NumberedEvent } from '../orchestrator/port.ts';
import type { Store } from '../store/port.ts';
import type { CloudEvent, Transport } from '../transport/port.ts';
import { BLOB_GRACE_MS } from './collector.ts';

const test = suite('engine: large values');

const LARGE_BYTES = 300 * 1024;
/** More than the threshold, and told from others by its name. */
const large = (name: string): JsonObject => ({ name, text: name.padEnd(LARGE_BYTES, '.') });
/** Nobody's reference: a value of a user's that looks like one. */
const FORGED: Json = { $blob: { blob: `sha256:${'0'.repeat(64)}`, bytes: 5, media_type: 'application/json' } };

const isReference = (value: unknown): boolean =>
  /^\{"\$blob":\{"blob":"sha256:[0-9a-f]{64}","bytes":\d+,"media_type":"application\/json"\}\}$/.test(
    JSON.stringify(value),
  );

/** What is in a store that nobody has open. */
function inStore<T>(rig: Rig, look: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(rig.directory, 'weft.db'));
  try {
    return look(db);
  } finally {
    db.close();
  }
}

const blobsIn = (rig: Rig): number =>
  inStore(rig, (db) => Number(db.prepare('SELECT count(*) AS n FROM blob').get()!['n']));

/** A transport that shows how many characters the largest message of its time had. */
function weighed(): { readonly transport: Transport; largest(): number } {
  const inner = memoryTransport();
  let largest = 0;
  const weigh = (message: CloudEvent): CloudEvent => {
    largest = Math.max(largest, JSON.stringify(message).length);
    return message;
  };
  return {
    transport: {
      ...bound(inner),
      publishStep: (namespace, message) => inner.publishStep(namespace, weigh(message)),
      publishResult: (taskId, message) => inner.publishResult(taskId, weigh(message)),
    },
    largest: () => largest,
  };
}

function bound(transport: Transport): Transport {
  return {
    publishStep: (...args) => transport.publishStep(...args),
    consumeSteps: (...args) => transport.consumeSteps(...args),
    publishResult: (...args) => transport.publishResult(...args),
    consumeResults: (...args) => transport.consumeResults(...args),
    broadcast: (...args) => transport.broadcast(...args),
    onBroadcast: (...args) => transport.onBroadcast(...args),
    close: () => transport.close(),
  };
}

/** Gives back the value among its inputs, or all of them. */
const echo: NativeHandler = {
  name: 'echo',
  run: ({ inputs }) => ({ kind: 'complete', result: (inputs as JsonObject)['value'] ?? inputs }),
};

/** Asks with a large state and request; completes with its state and what it was told. */
const asking: NativeHandler = {
  name: 'asking',
  run: ({ resume, inputs }) =>
    resume === undefined
      ? {
          kind: 'suspend',
          state: { inputs, kept: large('state') },
          request: { title: 'well?', about: large('request') },
          signals: {},
          deadlines: [],
        }
      : { kind: 'complete', result: { state: resume.state, said: resume.signals.map(({ data }) => data) } },
};

const spread: NativeHandler = {
  name: 'spread',
  run: () => ({ kind: 'batches', items: [large('a'), 1, FORGED], max_concurrency: 0, result: { tolerance: {} } }),
};

const NATIVE = [echo, asking, spread];

async function restarted(rig: Rig, weft: Weft): Promise<Weft> {
  await weft.close();
  return rig.start({ handlers: NATIVE });
}

test('a large context and result travel by reference, and steps, views and a restart see them whole', () =>
  Rig.with(async (rig) => {
    const { transport, largest } = weighed();
    const first = await rig.start({ handlers: NATIVE, parts: { transport } });
    const context = { order: large('context'), forged: FORGED };
    const inputs = { order: '${task.context.order}', forged: '${task.context.forged}' };
    const steps = [
      step('a', { catalog: 'echo', inputs }),
      step('b', { catalog: 'echo', inputs: { value: '${steps.a.result.forged}' }, dependencies: ['a'] }),
      step('c', { catalog: 'echo', dependencies: ['a', 'b'] }),
    ];
    const { task } = await first.engine.submit(submission(steps, { context }));
    const done = await settled(first.engine, task.task_id);
    assert.is(done.status, 'complete');
    assert.equal(done.context, context);
    assert.equal(
      done.steps.map(({ result }) => result),
      [context, FORGED, { a: context, b: FORGED }],
    );
    assert.ok(largest() < 10_000, `a message had ${largest()} characters`);

    const events = await journal(first.engine, task.task_id);
    const created = events.find((event) => event.kind === 'task_created')!;
    assert.ok(isReference(created.kind === 'task_created' && created.context));
    const results = events.flatMap((event) => (event.kind === 'step_completed' ? [event.result] : []));
    assert.equal(results.map(isReference), [true, true, true], 'also what only looks like a reference');
    const { $blob } = results[0] as unknown as { $blob: { blob: string; bytes: number } };
    const data = await first.engine.blob($blob.blob);
    assert.equal([data.length, JSON.parse(Buffer.from(data).toString())], [$blob.bytes, context]);

    const again = await (await restarted(rig, first)).engine.task(task.task_id);
    assert.equal(again, done);
  }));

test('what is heard live is what is read later', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start({ handlers: NATIVE });
    const steps = [step('a', { catalog: 'echo', inputs: { value: '${task.context}' } })];
    const { task } = await engine.submit(submission(steps, { context: large('x'), paused: true }));
    const heard: NumberedEvent[] = [];
    const watching = (async () => {
      for await (const each of engine.watch(task.task_id, task.seq, new AbortController().signal)) heard.push(each);
    })();
    await engine.resume(task.task_id, { by: 'ada', reason: 'go' });
    await watching;
    assert.equal(heard, await engine.events(task.task_id, task.seq, 1_000));
    assert.ok(heard.some(({ event }) => event.kind === 'step_completed' && isReference(event.result)));
  }));

test("a gate's large state and answer come back whole, also after a restart between", () =>
  Rig.with(async (rig) => {
    const first = await rig.start({ handlers: NATIVE });
    const { task } = await first.engine.submit(
      submission([step('gate', { catalog: 'asking', inputs: { value: '${task.context}' } })], {
        context: large('context'),
      }),
    );
    await stepIs(first.engine, task.task_id, 'gate', 'waiting_for_input');
    const suspended = await happened(first.engine, task.task_id, 'step_suspended');
    assert.ok(isReference(suspended.state) && isReference(suspended.request['about']));
    assert.is(suspended.request.title, 'well?');
    assert.equal((await first.engine.step(task.task_id, 'gate')).waiting_for?.request['about'], large('request'));

    const { engine } = await restarted(rig, first);
    await engine.signal(
      task.task_id,
      'gate',
      { signal_id: 's', data: large('answer') },
      { principal: 'ada', roles: [] },
    );
    const done = await settled(engine, task.task_id);
    assert.equal(done.steps[0]!.result, {
      state: { inputs: { value: large('context') }, kept: large('state') },
      said: [large('answer')],
    });
    const signalled = await happened(engine, task.task_id, 'step_signalled');
    assert.ok(isReference(signalled.signal.data));
  }));

test('large items of a batch reach their workers, and their results converge', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start({ handlers: NATIVE });
    const steps = [
      step('spread', { type: 'batchable', catalog: 'spread' }),
      step('work', {
        type: 'batch_worker',
        catalog: 'echo',
        inputs: { value: '${batch.item}' },
        dependencies: ['spread'],
      }),
      step('end', { catalog: 'echo', inputs: { value: '${steps.work.results}' }, dependencies: ['work'] }),
    ];
    const { task } = await engine.submit(submission(steps));
    const done = await settled(engine, task.task_id);
    const results = done.steps.find(({ name }) => name === 'end')!.result as unknown as { result: Json }[];
    assert.equal(
      results.map(({ result }) => result),
      [large('a'), 1, FORGED],
    );
  }));

test('a dispatch in flight whose inputs are a large value is sent again after a restart', () =>
  Rig.with(async (rig) => {
    const before = new Puppet();
    const first = await rig.start({ handlers: [before] });
    const { task } = await first.engine.submit(
      submission([step('a', { catalog: 'puppet', inputs: { value: '${task.context.order}' } })], {
        context: { order: large('order') },
      }),
    );
    await before.next();
    await first.close();
    assert.is(blobsIn(rig), 2, 'the context and the inputs');

    const after = new Puppet();
    const { engine, close } = await rig.start({ handlers: [after] });
    const run = await after.next();
    assert.equal(run.step.inputs, { value: large('order') });
    run.complete('done');
    assert.is((await settled(engine, task.task_id)).status, 'complete');
    await close();
    const tomorrow = { ...SYSTEM_CLOCK, now: () => Date.now() + 2 * BLOB_GRACE_MS };
    await (await rig.start({ handlers: [after], parts: { clock: tomorrow } })).close();
    assert.is(blobsIn(rig), 1, 'nobody refers to the inputs any more');
  }));

test('a version that sets values apart takes up what one that did not has sent', () =>
  Rig.with(async (rig) => {
    const before = new Puppet();
    const first = await rig.start({ handlers: [before], parts: { blob_threshold_bytes: 10_000_000 } });
    const { task } = await first.engine.submit(
      submission([step('a', { catalog: 'puppet', inputs: { value: '${task.context}' } })], {
        context: large('context'),
      }),
    );
    await before.next();
    await first.close();
    assert.is(blobsIn(rig), 0);
    const after = new Puppet();
    const { engine } = await rig.start({ handlers: [after] });
    const run = await after.next();
    assert.equal(run.step.inputs, { value: large('context') });
    run.complete();
    assert.is((await settled(engine, task.task_id)).status, 'complete');
  }));

test('a large value of the journal that is damaged or missing is an error that names task and digest', () =>
  Rig.with(async (rig) => {
    const first = await rig.start({ handlers: NATIVE });
    const { task } = await first.engine.submit(submission([step('a')], { context: large('context') }));
    await settled(first.engine, task.task_id);
    const created = await happened(first.engine, task.task_id, 'task_created');
    const { blob: digest } = (created.context as unknown as { $blob: { blob: string } }).$blob;
    await first.close();

    const failing = async (change: string): Promise<string> => {
      inStore(rig, (db) => db.exec(change));
      const { engine, close } = await rig.start();
      const message = await engine.task(task.task_id).then(
        () => 'no error',
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
      await close();
      return message;
    };
    for (const [change, problem] of [
      [`UPDATE blob_data SET data = x'7b7d'`, 'is damaged'],
      ['DELETE FROM blob_data', 'is missing'],
    ] as const) {
      const message = await failing(change);
      for (const part of ['store_corrupt', task.task_id, digest, problem]) assert.match(message, part);
    }
  }));

test('a dispatch whose inputs are gone fails its step, visibly', () =>
  Rig.with(async (rig) => {
    const parts = {
      throughStore: (store: Store) => ({ ...store, readBlob: async () => undefined }),
    };
    const { engine } = await rig.start({ handlers: NATIVE, parts });
    const { task } = await engine.submit(
      submission([step('a', { catalog: 'echo', inputs: { value: '${task.context}' } })], { context: large('context') }),
    );
    const failed = await stepIs(engine, task.task_id, 'a', 'error');
    assert.is(failed.steps[0]!.failure!['code'], 'blob_unreadable');
    assert.match(String(failed.steps[0]!.failure!['message']), task.task_id);
  }));

test('a result whose large value is gone fails the attempt', () =>
  Rig.with(async (rig) => {
    const give: NativeHandler = { name: 'give', run: () => ({ kind: 'complete', result: large('result') }) };
    const parts = {
      throughStore: (store: Store) => ({ ...store, putBlob: async () => undefined }),
    };
    const { engine } = await rig.start({ handlers: [give], parts });
    const { task } = await engine.submit(submission([step('a', { catalog: 'give' })]));
    const failed = await stepIs(engine, task.task_id, 'a', 'error');
    assert.is(failed.steps[0]!.failure!['code'], 'blob_unreadable');
  }));
