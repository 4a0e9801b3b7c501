import type { Json, JsonObject } from '../../kernel/json.ts';
import { Puppet, Rig, settled, step, stepIs, submission, submitted } from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('engine: batches');

/** Gives as many items as the context's `n` says, in a window. */
const spread: NativeHandler = {
  name: 'spread',
  run({ inputs }) {
    const {
      n,
      window = 0,
      tolerance = {},
    } = inputs as { readonly n: number; readonly window?: number; readonly tolerance?: JsonObject };
    const items = Array.from({ length: n }, (_, index) => ({ n: index }));
    return { kind: 'batches', items, max_concurrency: window, result: { batches: n, tolerance } };
  },
};

/** The sum of what the workers gave. */
const sum: NativeHandler = {
  name: 'sum',
  run({ inputs }) {
    const { work } = inputs as {
      readonly work: readonly { readonly result: { readonly item: { readonly n: number } } }[];
    };
    return { kind: 'complete', result: work.reduce((total, { result }) => total + result.item.n, 0) };
  },
};

const frame = (inputs: JsonObject, worker: JsonObject = {}): JsonObject[] => [
  step('spread', { type: 'batchable', catalog: 'spread', inputs }),
  step('work', { type: 'batch_worker', dependencies: ['spread'], ...worker }),
  step('sum', { catalog: 'sum', dependencies: ['work'] }),
];

test('a thousand workers run and their results converge in order', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start({ handlers: [spread, sum] });
    const task = await settled(engine, await submitted(engine, ...frame({ n: 1_000, window: 50 })));
    assert.is(task.status, 'complete');
    assert.is(task.steps.find(({ name }) => name === 'sum')!.result, 499_500);
    assert.is(task.steps.length, 1_003);
    const one = await engine.step(task.task_id, 'work[7]');
    assert.equal([one.result, one.created_by], [{ item: { n: 7 }, index: 7 }, 'batch_spawn']);
  }));

test('a batch survives a restart in the middle of its window', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const first = await rig.start({ handlers: [spread, sum, puppet] });
    const echo = { catalog: 'puppet' };
    const taskId = await submitted(first.engine, ...frame({ n: 5, window: 2 }, echo));
    const done = await puppet.next();
    done.complete(done.step.inputs);
    await stepIs(first.engine, taskId, done.step.identity.step_name, 'complete');
    await puppet.next();
    await first.close();

    const again = new Puppet();
    const { engine } = await rig.start({ handlers: [spread, sum, again] });
    for (let left = 4; left > 0; left--) {
      const run = await again.next();
      run.complete(run.step.inputs);
    }
    const task = await settled(engine, taskId);
    assert.is(task.steps.find(({ name }) => name === 'sum')!.result, 10);
  }));

test('workers that wait for people hold no slot', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start({ handlers: [spread, sum, asking] });
    const taskId = await submitted(engine, ...frame({ n: 3, window: 1 }, { catalog: 'asking' }));
    for (const index of [0, 1, 2]) await stepIs(engine, taskId, `work[${index}]`, 'waiting_for_input');
    for (const index of [2, 0, 1]) {
      await engine.signal(taskId, `work[${index}]`, { signal_id: 's', data: null }, { principal: 'ada', roles: [] });
    }
    assert.is((await settled(engine, taskId)).steps.find(({ name }) => name === 'sum')!.result, 3);
  }));

/** Asks once, then completes with what it was given. */
const asking: NativeHandler = {
  name: 'asking',
  run: ({ inputs, resume }) =>
    resume === undefined
      ? { kind: 'suspend', state: null, request: { title: 'well?' }, signals: true as Json, deadlines: [] }
      : { kind: 'complete', result: inputs },
};

test('cancelling a task in the middle of a thousand workers settles all of them', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [spread, sum, puppet] });
    const { task } = await engine.submit(submission(frame({ n: 1_000 }, { catalog: 'puppet' })));
    await puppet.next();
    const cancelled = await engine.cancel(task.task_id, { by: 'tester', reason: 'enough' });
    assert.is(cancelled.status, 'cancelled');
    const statuses = new Set(
      cancelled.steps.filter(({ name }) => name.startsWith('work[')).map(({ status }) => status),
    );
    assert.equal([...statuses], ['cancelled']);
  }));
