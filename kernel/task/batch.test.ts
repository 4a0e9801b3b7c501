import { assert, suite } from '../../testing/suite.ts';
import { step, TaskPlayer } from '../../testing/task_player.ts';
import { WeftError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { resolveDispatch } from './dispatch_input.ts';

const test = suite('task: batches');

const FRAME = [
  step('spread', { type: 'batchable' }),
  step('work', { type: 'batch_worker', dependencies: ['spread'] }),
  step('gather', { dependencies: ['work'] }),
];

/** A task whose fan-out has just given these items. */
function spread(items: number, max_concurrency = 0, tolerance: JsonObject = {}, frame = FRAME): TaskPlayer {
  const task = new TaskPlayer(frame);
  task.submit();
  const all = Array.from({ length: items }, (_, index) => ({ n: index }));
  task.end('spread', { kind: 'batches', items: all, max_concurrency, result: { batches: items, tolerance } });
  return task;
}

const inFlight = (task: TaskPlayer): string[] =>
  Object.entries(task.steps).flatMap(([name, status]) =>
    name.startsWith('work[') && status === 'enqueued' ? [name] : [],
  );

const code = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    return error instanceof WeftError ? error.code : String(error);
  }
  return 'nothing was thrown';
};

test('a fan-out and its workers are one commit, and what depends on the worker waits for all of them', () => {
  const task = new TaskPlayer(FRAME);
  task.submit();
  assert.equal(task.steps, { spread: 'enqueued', work: 'pending', gather: 'pending' });
  const kinds = task.end('spread', { kind: 'batches', items: ['a', 'b'], max_concurrency: 0, result: {} });
  assert.equal(kinds, ['step_completed', 'steps_created', 'step_enqueued', 'step_enqueued']);
  assert.equal([task.step('work[0]').id, task.step('work[1]').id], ['t.0.0', 't.0.1']);
  assert.is(task.step('work[1]').provenance.created_by, 'batch_spawn');
  task.complete('work[1]', 'B');
  assert.is(task.step('gather').status, 'pending');
  assert.equal(task.complete('work[0]', 'A'), ['step_completed', 'batch_converged', 'step_enqueued']);
  task.complete('gather');
  assert.is(task.status, 'complete');
});

test('workers see their item, the converging step all results in order', () => {
  const frame = [
    FRAME[0]!,
    step('work', {
      type: 'batch_worker',
      dependencies: ['spread'],
      inputs: { of: '${batch.item.n}', at: '${batch.index}' },
    }),
    step('gather', { dependencies: ['work'], inputs: { all: '${steps.work.results}' } }),
  ];
  const task = spread(3, 0, { count: 1 }, frame);
  assert.equal(resolveDispatch(task.state, task.step('work[2]')).inputs, { of: 2, at: 2 });
  task.complete('work[2]', 'two');
  task.fail('work[1]', { code: 'broken' });
  task.complete('work[0]', 'zero');
  const { all } = resolveDispatch(task.state, task.step('gather')).inputs as { readonly all: Json };
  assert.equal(all, [
    { index: 0, status: 'complete', result: 'zero' },
    { index: 1, status: 'error', error: { code: 'broken', message: 'it failed' } },
    { index: 2, status: 'complete', result: 'two' },
  ]);
});

test('without inputs of their own, workers get item and index, the converging step the results', () => {
  const task = spread(1);
  assert.equal(resolveDispatch(task.state, task.step('work[0]')).inputs, { item: { n: 0 }, index: 0 });
  task.complete('work[0]', 'done');
  const inputs = resolveDispatch(task.state, task.step('gather')).inputs;
  assert.equal(inputs, { work: [{ index: 0, status: 'complete', result: 'done' }] });
});

test('no items converge at once', () => {
  const task = spread(0);
  assert.equal(task.steps, { spread: 'complete', work: 'complete', gather: 'enqueued' });
});

test('a window of k never has k + 1 in flight, and fills as workers end', () => {
  const task = spread(5, 2);
  assert.equal(inFlight(task), ['work[0]', 'work[1]']);
  task.complete('work[1]');
  assert.equal(inFlight(task), ['work[0]', 'work[2]']);
  task.fail('work[0]');
  assert.is(task.step('work').status, 'error', 'nothing is tolerated by default');
  assert.equal(inFlight(task), ['work[2]'], 'a failed batch starts nobody');
});

test('a suspended worker holds no slot; when it wakes it queues for one before new workers', () => {
  const task = spread(4, 1);
  task.suspend('work[0]');
  assert.equal(inFlight(task), ['work[1]']);
  task.signal('work[0]', 's1');
  assert.is(task.step('work[0]').status, 'waiting_for_input', 'no slot is free');
  task.complete('work[1]');
  assert.equal(inFlight(task), ['work[0]']);
  task.complete('work[0]');
  assert.equal(inFlight(task), ['work[2]']);
});

test('a worker that waits for its retry gives its slot to the next and queues when it is due', () => {
  const retry = { max_attempts: 2, backoff: 'none' as const, base_ms: 10, max_ms: 10, jitter: 0 };
  const task = spread(3, 1, {}, [FRAME[0]!, { ...FRAME[1]!, retry }, FRAME[2]!]);
  task.fail('work[0]', { retryable: true });
  assert.equal(inFlight(task), ['work[1]']);
  task.tell({ kind: 'fire_retry', at: task.at, ...task.fence('work[0]') });
  assert.is(task.step('work[0]').retry_due, true);
  task.complete('work[1]');
  assert.equal(inFlight(task), ['work[0]']);
  assert.is(task.step('work[0]').attempt, 2);
});

for (const [tolerance, limit] of [
  [{ count: 2 }, 2],
  [{ percentage: 40 }, 2],
  [{ count: 2, percentage: 80 }, 2],
  [{}, 0],
] as const) {
  test(`tolerates exactly ${limit} of 5 failures under ${JSON.stringify(tolerance)}`, () => {
    for (const failures of [limit - 1, limit, limit + 1].filter((many) => many >= 0)) {
      const task = spread(5, 0, tolerance);
      for (let index = 0; index < 5 && task.step('work').status === 'pending'; index++) {
        if (index < failures) task.fail(`work[${index}]`);
        else task.complete(`work[${index}]`);
      }
      assert.is(task.step('work').status, failures > limit ? 'error' : 'complete', `${failures} failures`);
    }
  });
}

test('an operator retries a failed batch: what failed runs again, what was held goes on', () => {
  const task = spread(3, 1);
  task.fail('work[0]');
  assert.is(task.step('work').failure?.code, 'batch_failed');
  assert.is(task.status, 'blocked_by_failures');
  assert.is(
    code(() => task.retry('work[0]')),
    'step_not_retryable',
    'the batch is over: it is retried as a whole',
  );
  task.retry('work');
  assert.equal(inFlight(task), ['work[0]']);
  for (const name of ['work[0]', 'work[1]', 'work[2]']) task.complete(name);
  assert.is(task.step('gather').status, 'enqueued');
});

test('an operator retries or resolves one worker while its batch goes on', () => {
  const task = spread(3, 0, { count: 2 });
  task.fail('work[0]');
  task.retry('work[0]');
  task.complete('work[0]');
  task.fail('work[1]');
  task.resolveStep('work[1]', 'by hand');
  task.complete('work[2]');
  assert.equal(task.step('work').result, { complete: 3, error: 0 });
});

test('a worker resolved before its turn is passed over, and none of those before it is lost', () => {
  const task = spread(4, 1);
  task.resolveStep('work[2]', 'by hand');
  for (const name of ['work[0]', 'work[1]', 'work[3]']) {
    assert.equal(inFlight(task), [name]);
    task.complete(name);
  }
  assert.equal(task.step('work').result, { complete: 4, error: 0 });
});

test('a failure that is let pass cancels the rest of the batch and goes on', () => {
  const task = spread(3, 1, {}, [FRAME[0]!, { ...FRAME[1]!, on_failure: 'continue' }, FRAME[2]!]);
  task.fail('work[0]');
  assert.equal(task.steps, {
    spread: 'complete',
    work: 'error',
    gather: 'enqueued',
    'work[0]': 'error',
    'work[1]': 'cancelled',
    'work[2]': 'cancelled',
  });
});

test('a batch resolved by hand cancels its workers; one resolved before its fan-out has none', () => {
  const task = spread(2);
  task.resolveStep('work', { by: 'hand' });
  assert.equal([task.step('work[0]').status, task.step('gather').status], ['cancelled', 'enqueued']);
  const early = new TaskPlayer(FRAME);
  early.submit();
  early.resolveStep('work', {});
  early.end('spread', { kind: 'batches', items: [1, 2], max_concurrency: 0, result: {} });
  assert.equal(early.steps, { spread: 'complete', work: 'resolved_manually', gather: 'enqueued' });
});

test('a fan-out is resolved by hand with its items, and only a fan-out has items', () => {
  const task = new TaskPlayer(FRAME);
  task.submit();
  assert.is(
    code(() => task.resolveStep('spread', {})),
    'items_invalid',
  );
  const act = { by: 'tester', reason: 'played', at: task.at };
  task.tell({ kind: 'resolve_step', step_id: 't.0', result: {}, items: ['x'], ...act });
  assert.is(task.step('work[0]').status, 'enqueued');
  assert.is(
    code(() => task.tell({ kind: 'resolve_step', step_id: 't.2', result: {}, items: [], ...act })),
    'items_invalid',
  );
});

test('a pause holds new workers, and cancel ends all of them', () => {
  const task = spread(3, 1);
  task.operate('pause');
  task.complete('work[0]');
  assert.equal(inFlight(task), []);
  task.operate('resume');
  assert.equal(inFlight(task), ['work[1]']);
  task.operate('cancel');
  assert.equal(task.status, 'cancelled');
  assert.equal(task.effects?.killed, [task.step('work[1]').id]);
});

test('a fan-out must give batches, and nothing else may', () => {
  const task = new TaskPlayer(FRAME);
  task.submit();
  task.complete('spread');
  assert.is(task.step('spread').failure?.code, 'outcome_not_allowed');
  const other = new TaskPlayer([step('a')]);
  other.submit();
  other.end('a', { kind: 'batches', items: [], max_concurrency: 0, result: {} });
  assert.is(other.step('a').failure?.code, 'outcome_not_allowed');
});

test('a fan-out that says how many items it may give fails with more, from its handler or by hand', () => {
  const frame = [step('spread', { type: 'batchable', max_items: 2 }), ...FRAME.slice(1)];
  assert.is(spread(2, 0, {}, frame).step('spread').status, 'complete');
  const over = spread(3, 0, {}, frame).step('spread');
  assert.equal([over.status, over.failure?.code, over.failure?.retryable], ['error', 'too_many_items', false]);
  const task = spread(3, 0, {}, frame);
  const { id: step_id } = task.step('spread');
  const act = { by: 'tester', reason: 'by hand', result: {}, items: [1, 2, 3] };
  assert.is(
    code(() => task.tell({ kind: 'resolve_step', at: task.at, step_id, ...act })),
    'items_invalid',
  );
});
