import { assert, suite } from '../../testing/suite.ts';
import { step, TaskPlayer } from '../../testing/task_player.ts';
import { WeftError } from '../errors.ts';

const test = suite('task: what a command leads to');

const code = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    return error instanceof WeftError ? error.code : String(error);
  }
  return 'nothing was thrown';
};

test('steps run in dependency order and the task completes', () => {
  const task = new TaskPlayer([step('a'), step('b', { dependencies: ['a'] }), step('c', { dependencies: ['a', 'b'] })]);
  task.submit();
  assert.equal(task.steps, { a: 'enqueued', b: 'pending', c: 'pending' });
  assert.is(task.status, 'running');
  task.complete('a');
  assert.equal(task.steps, { a: 'complete', b: 'enqueued', c: 'pending' });
  task.complete('b');
  assert.equal(task.complete('c'), ['step_completed', 'task_status_changed']);
  assert.is(task.status, 'complete');
});

test('a retryable failure is tried again until the attempts are spent', () => {
  const retry = { max_attempts: 3, backoff: 'exponential' as const, base_ms: 100, max_ms: 10_000, jitter: 0 };
  const task = new TaskPlayer([step('a', { retry })]);
  task.submit();
  task.fail('a', { retryable: true });
  assert.is(task.step('a').retry_at, task.at + 100);
  assert.is(task.status, 'waiting');
  task.at += 100;
  task.tell({ kind: 'fire_retry', at: task.at, ...task.fence('a') });
  task.fail('a', { retryable: true, retry_after_ms: 5_000 });
  assert.is(task.step('a').retry_at, task.at + 5_000, 'Retry-After is the least that is waited');
  task.at += 5_000;
  task.tell({ kind: 'fire_retry', at: task.at, ...task.fence('a') });
  task.fail('a', { retryable: true });
  assert.is(task.step('a').attempt, 3);
  assert.is(task.step('a').status, 'error');
  assert.is(task.status, 'blocked_by_failures');
});

test('on_failure decides what a failure means', () => {
  const chain = (on_failure: 'block' | 'continue' | 'fail_task') => {
    const task = new TaskPlayer([step('a', { on_failure }), step('b', { dependencies: ['a'] }), step('c')]);
    task.submit();
    task.fail('a');
    return task;
  };
  assert.equal(chain('block').steps, { a: 'error', b: 'pending', c: 'enqueued' });
  assert.equal(chain('continue').steps, { a: 'error', b: 'enqueued', c: 'enqueued' });
  assert.equal(chain('fail_task').steps, { a: 'error', b: 'cancelled', c: 'cancelled' });
  assert.is(chain('fail_task').status, 'error');
});

test('the first result of the current attempt wins; what comes later changes nothing', () => {
  const task = new TaskPlayer([
    step('a', { retry: { max_attempts: 2, backoff: 'none', base_ms: 0, max_ms: 0, jitter: 0 } }),
    step('b'),
  ]);
  task.submit();
  const first = task.fence('a');
  task.fail('a', { retryable: true });
  task.tell({ kind: 'fire_retry', at: task.at, ...first });
  const late = { kind: 'record_outcome' as const, at: task.at, outcome: { kind: 'complete' as const, result: 'late' } };
  assert.equal(task.tell({ ...late, ...first }), [], 'a result of an earlier attempt');
  task.complete('a', 'mine');
  assert.equal(task.tell({ ...late, ...first, attempt: 2 }), [], 'a second result of the same attempt');
  assert.is(task.step('a').result, 'mine');
});

test('a decision creates what it names and what follows from it, and a deferred step waits for just that', () => {
  const task = new TaskPlayer([
    step('route', { type: 'decision' }),
    step('auto', { dependencies: ['route'] }),
    step('manager', { dependencies: ['route'] }),
    step('finance', { dependencies: ['route'] }),
    step('book', { dependencies: ['finance'] }),
    step('end', { type: 'deferred', dependencies: ['auto', 'manager', 'book'] }),
  ]);
  task.submit();
  assert.equal(task.steps, { route: 'enqueued' });
  task.branch('route', 'manager', 'finance');
  assert.equal(task.steps, {
    route: 'complete',
    manager: 'enqueued',
    finance: 'enqueued',
    book: 'pending',
    end: 'pending',
  });
  task.complete('manager');
  task.complete('finance');
  assert.is(task.step('end').status, 'pending');
  task.complete('book');
  assert.is(task.step('end').status, 'enqueued');
  task.complete('end');
  assert.is(task.status, 'complete');
});

test('a deferred step behind a path that was not taken is absent, and so is what leads nowhere', () => {
  const task = new TaskPlayer([
    step('outer', { type: 'decision' }),
    step('left', { dependencies: ['outer'] }),
    step('inner', { type: 'decision', dependencies: ['outer'] }),
    step('deep', { dependencies: ['inner'] }),
    step('joined', { type: 'deferred', dependencies: ['deep'] }),
    step('end', { type: 'deferred', dependencies: ['left', 'joined'] }),
  ]);
  task.submit();
  task.branch('outer', 'left');
  assert.equal(task.steps, { outer: 'complete', left: 'enqueued', end: 'pending' });
});

test('a decision that names nothing leaves its deferred steps absent, unless they depend on it', () => {
  const task = new TaskPlayer([
    step('route', { type: 'decision' }),
    step('one', { dependencies: ['route'] }),
    step('only_one', { type: 'deferred', dependencies: ['one'] }),
    step('always', { type: 'deferred', dependencies: ['route', 'one'] }),
  ]);
  task.submit();
  task.branch('route');
  assert.equal(task.steps, { route: 'complete', always: 'enqueued' });
});

test('a decision can only choose its own steps, and a step only ends the way of its type', () => {
  const steps = [step('route', { type: 'decision' }), step('a', { dependencies: ['route'] }), step('b')];
  const wrongName = new TaskPlayer(steps);
  wrongName.submit();
  wrongName.branch('route', 'b');
  assert.is(wrongName.step('route').failure?.code, 'branch_invalid');
  const wrongKind = new TaskPlayer(steps);
  wrongKind.submit();
  wrongKind.complete('route');
  wrongKind.branch('b');
  assert.is(wrongKind.step('route').failure?.code, 'outcome_not_allowed');
  assert.is(wrongKind.step('b').failure?.code, 'outcome_not_allowed');
});

test('a suspended step wakes with its state, the signals and the deadline that fired', () => {
  const task = new TaskPlayer([step('gate')]);
  task.submit();
  task.suspend('gate', { state: { n: 1 }, deadlines: [{ name: 'late', after_ms: 500 }] });
  assert.is(task.status, 'waiting');
  assert.equal(
    task.effects?.asking.map((each) => each.name),
    ['gate'],
  );
  task.signal('gate', 's1', { yes: true });
  assert.is(task.step('gate').status, 'enqueued');
  assert.equal(task.step('gate').resume?.state, { n: 1 });
  assert.equal(
    task.step('gate').resume?.signals.map((each) => each.data),
    [{ yes: true }],
  );
  assert.equal(task.signal('gate', 's2', { yes: false }), ['step_signalled'], 'accepted while it works on the first');
  assert.equal(task.signal('gate', 's1', { yes: false }), [], 'the same signal twice is one');
  assert.equal(
    task.suspend('gate', { state: { n: 2 }, deadlines: [{ name: 'late', after_ms: 300 }] }),
    ['step_suspended', 'step_enqueued'],
    'the second signal wakes it at once',
  );
  task.suspend('gate', { state: { n: 3 }, deadlines: [{ name: 'late', after_ms: 300 }] });
  task.at += 300;
  task.tell({ kind: 'fire_deadline', at: task.at, name: 'late', ...task.fence('gate') });
  assert.is(task.step('gate').resume?.fired, 'late');
  assert.is(task.step('gate').attempt, 1, 'waking costs no attempt');
  task.complete('gate');
  assert.is(task.status, 'complete');
  assert.equal(task.signal('gate', 's1'), [], 'who repeats a signal need not know that it was the last');
  assert.is(
    code(() => task.signal('gate', 's9')),
    'task_settled',
  );
});

test('a suspension whose signals nothing can be checked against fails the step', () => {
  const task = new TaskPlayer([step('gate')], {
    checkSchema: (schema) => (schema === 'broken' ? ['/type is unknown'] : []),
  });
  task.submit();
  assert.equal(task.suspend('gate', { signals: 'broken' }), [
    'step_errored',
    'dead_letter_opened',
    'task_status_changed',
  ]);
  const { failure } = task.step('gate');
  assert.equal([failure?.code, failure?.retryable], ['signals_invalid', false]);
  assert.equal(failure?.details, { problems: ['/type is unknown'] });
});

test('a signal is refused to those who are not asked, when its data is wrong, and when nobody asks', () => {
  const task = new TaskPlayer([step('gate'), step('other')], {
    checkSignal: (_schema, data) => (data === 'bad' ? ['/ must be better'] : []),
  });
  task.submit();
  task.suspend('gate', { request: { title: 'gate', audience: ['ada', 'role:finance'] } });
  assert.is(
    code(() => task.signal('gate', '1', {}, 'bob', ['sales'])),
    'signal_forbidden',
  );
  assert.is(
    code(() => task.signal('gate', '1', 'bad')),
    'signal_invalid',
  );
  assert.is(
    code(() => task.signal('other', '1')),
    'step_not_waiting',
  );
  assert.equal(task.signal('gate', '1', {}, 'bob', ['finance']), ['step_signalled', 'step_enqueued']);
});

test('a pause holds dispatches; results count, deadlines run on, and resume lets everything go on', () => {
  const retry = { max_attempts: 2, backoff: 'none' as const, base_ms: 10, max_ms: 10, jitter: 0 };
  const task = new TaskPlayer([step('a'), step('b', { dependencies: ['a'] }), step('r', { retry }), step('gate')]);
  task.submit();
  task.suspend('gate', { deadlines: [{ name: 'late', after_ms: 10 }] });
  task.fail('r', { retryable: true });
  task.operate('pause');
  task.complete('a');
  assert.equal(task.tell({ kind: 'fire_retry', at: task.at, ...task.fence('r') }), ['step_retry_due']);
  assert.equal(task.tell({ kind: 'fire_deadline', at: task.at, name: 'late', ...task.fence('gate') }), [
    'step_deadline_fired',
  ]);
  assert.equal(task.steps, { a: 'complete', b: 'pending', r: 'waiting_for_retry', gate: 'waiting_for_input' });
  task.operate('resume');
  assert.equal(task.steps, { a: 'complete', b: 'enqueued', r: 'enqueued', gate: 'enqueued' });
});

test('a task submitted paused is pending until it is resumed', () => {
  const task = new TaskPlayer([step('a')]);
  task.submit({}, true);
  assert.is(task.status, 'pending');
  task.operate('resume');
  assert.is(task.status, 'running');
});

test('cancel and resolve settle everything that has not settled, and a settled task refuses people', () => {
  for (const [kind, status] of [
    ['cancel', 'cancelled'],
    ['resolve', 'resolved_manually'],
  ] as const) {
    const task = new TaskPlayer([step('a'), step('b'), step('c', { dependencies: ['b'] })]);
    task.submit();
    task.complete('a');
    task.operate(kind);
    assert.equal(task.steps, { a: 'complete', b: 'cancelled', c: 'cancelled' });
    assert.is(task.status, status);
    assert.equal(task.effects?.killed, [task.step('b').id]);
    assert.equal(task.complete('b'), [], 'a late result changes nothing');
    assert.is(
      code(() => task.operate('pause')),
      'task_settled',
    );
  }
});

test('an operator retries a failed step with fresh attempts, and resolves one by hand', () => {
  const task = new TaskPlayer([step('a'), step('b', { dependencies: ['a'] })], {
    checkResult: (_pin, result) => (result === 'bad' ? ['/ must be better'] : []),
  });
  task.submit();
  task.fail('a', { retryable: true });
  task.retry('a');
  assert.equal([task.step('a').status, task.step('a').attempt], ['enqueued', 2]);
  task.fail('a', { retryable: true });
  assert.is(task.status, 'blocked_by_failures');
  assert.is(
    code(() => task.resolveStep('a', 'bad')),
    'result_invalid',
  );
  assert.is(
    code(() => task.resolveStep('a', 'good', ['b'])),
    'branch_invalid',
  );
  task.resolveStep('a', 'good');
  assert.equal(task.steps, { a: 'resolved_manually', b: 'enqueued' });
  assert.is(
    code(() => task.retry('a')),
    'step_not_retryable',
  );
});

test('a decision resolved by hand chooses under the same rules', () => {
  const task = new TaskPlayer([step('route', { type: 'decision' }), step('a', { dependencies: ['route'] })]);
  task.submit();
  assert.is(
    code(() => task.resolveStep('route', {})),
    'branch_invalid',
  );
  task.resolveStep('route', {}, ['a']);
  assert.is(task.step('a').status, 'enqueued');
  assert.is(task.step('a').provenance.created_by, 'decision_point');
});

test('a failure that was let pass can be neither retried nor resolved: its dependents have gone on', () => {
  const task = new TaskPlayer([step('a', { on_failure: 'continue' }), step('b', { dependencies: ['a'] })]);
  task.submit();
  task.fail('a');
  assert.is(
    code(() => task.retry('a')),
    'step_not_retryable',
  );
  assert.is(
    code(() => task.resolveStep('a', {})),
    'step_not_resolvable',
  );
});

test('a missing component costs no attempt', () => {
  let there = false;
  const task = new TaskPlayer([step('a'), step('b')], {
    resolveHandler: (name) => (there ? { name, version: '1.0.0', digest: 'sha256:x' } : undefined),
  });
  task.submit();
  assert.equal(task.steps, { a: 'waiting_for_worker', b: 'waiting_for_worker' });
  there = true;
  task.tell({ kind: 'worker_available', at: task.at });
  assert.equal([task.step('a').attempt, task.step('a').pin?.digest], [1, 'sha256:x']);
  task.tell({ kind: 'record_unavailable', at: task.at, ...task.fence('a') });
  assert.is(task.step('a').status, 'waiting_for_worker');
  assert.equal(
    task.effects?.held.map((each) => each.name),
    ['a'],
  );
  task.tell({ kind: 'worker_available', at: task.at });
  task.complete('a');
  assert.is(task.step('a').attempt, 1);
});

test('values that the handler refuses fail the step before it is dispatched, and what follows settles at once', () => {
  const refusing = { checkDispatch: () => ['config /url must be a string'] };
  const task = new TaskPlayer(
    [step('a', { on_failure: 'continue' }), step('b', { dependencies: ['a'], on_failure: 'fail_task' })],
    refusing,
  );
  task.submit();
  assert.equal(task.steps, { a: 'error', b: 'error' });
  assert.is(task.step('a').failure?.code, 'values_refused');
  assert.is(task.status, 'error');
});

test('a result that breaks the output schema fails the step', () => {
  const task = new TaskPlayer([step('a')], { checkResult: () => ['/total must be a number'] });
  task.submit();
  task.complete('a', { total: 'many' });
  assert.is(task.step('a').failure?.code, 'result_invalid');
});

test('a chain of thousands of failures that are let pass does not overflow the stack', () => {
  const chain = Array.from({ length: 5_000 }, (_, index) =>
    step(`s${index}`, { on_failure: 'continue', dependencies: index === 0 ? [] : [`s${index - 1}`] }),
  );
  const task = new TaskPlayer(chain, { checkDispatch: () => ['refused'] });
  task.submit();
  assert.is(task.status, 'complete');
});
