import { assert, suite } from '../../testing/suite.ts';
import { step, TaskPlayer } from '../../testing/task_player.ts';
import { WeftError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { StepDefinition } from '../template/types.ts';

const test = suite('task: dead letters');

const TWICE = { max_attempts: 2, backoff: 'none' as const, base_ms: 0, max_ms: 0, jitter: 0 };
const RETRYABLE = { code: 'http_status', message: '503 from the server', retryable: true };

function played(...steps: readonly StepDefinition[]): TaskPlayer {
  const task = new TaskPlayer(steps);
  task.submit();
  return task;
}

/** Fails a step until no attempt is left. */
function exhaust(task: TaskPlayer, name: string): void {
  while (task.step(name).status === 'enqueued') {
    task.fail(name, RETRYABLE);
    if (task.step(name).status !== 'waiting_for_retry') return;
    task.tell({ kind: 'fire_retry', at: task.at, ...task.fence(name) });
  }
}

const stuck = (task: TaskPlayer, name: string): string[] =>
  task.tell({ kind: 'mark_stuck', at: task.at, since: 7, ...task.fence(name) });
const note = (task: TaskPlayer, name: string): string[] =>
  task.tell({
    kind: 'note_dead_letter',
    at: task.at,
    step_id: task.step(name).id,
    by: 'ada',
    text: 'the disk is full',
  });
const close = (task: TaskPlayer, name: string): string[] =>
  task.tell({ kind: 'close_dead_letter', at: task.at, step_id: task.step(name).id, by: 'ada', reason: 'known' });
const entry = (task: TaskPlayer, name: string): readonly (string | undefined)[] => {
  const { reason, state, closed } = task.step(name).dead_letter ?? {};
  return [reason, state, closed?.by];
};
const code = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    return error instanceof WeftError ? error.code : String(error);
  }
  return 'nothing was thrown';
};

test('a step whose attempts are used up lands in the commit of its last failure, and not before', () => {
  const task = played(step('a', { retry: TWICE }));
  task.fail('a', RETRYABLE);
  assert.is(task.step('a').dead_letter, undefined);
  task.tell({ kind: 'fire_retry', at: task.at, ...task.fence('a') });
  assert.equal(task.fail('a', RETRYABLE), ['step_errored', 'dead_letter_opened', 'task_status_changed']);
  const { reason, attempts, code: of, message } = task.step('a').dead_letter!;
  assert.equal([reason, attempts, of, message], ['exhausted', 2, 'http_status', '503 from the server']);
  assert.equal(
    task.effects!.dead_letters.map(({ name }) => name),
    ['a'],
  );
});

test('what killed its cell, trapped or went over a limit is poisoned; any other final failure is refused', () => {
  const reasons = (['trap', 'memory_exceeded', 'output_too_large', 'bad_request'] as const).map((of) => {
    const task = played(step('a'));
    task.fail('a', { code: of });
    return entry(task, 'a')[0];
  });
  assert.equal(reasons, ['poisoned', 'poisoned', 'poisoned', 'refused']);
  const crashing = played(step('a'));
  crashing.fail('a', { code: 'cell_crashed', retryable: true });
  assert.is(entry(crashing, 'a')[0], 'poisoned');
});

test('values that the handler refuses land before the first attempt', () => {
  const task = new TaskPlayer([step('a')], { checkDispatch: () => ['inputs must be an object'] });
  task.submit();
  assert.equal([entry(task, 'a')[0], task.step('a').dead_letter!.attempts], ['refused', 0]);
});

test('a failure that the template lets pass does not land', () => {
  const task = played(step('a', { on_failure: 'continue' }), step('b', { dependencies: ['a'] }));
  task.fail('a');
  assert.is(task.step('a').dead_letter, undefined);
});

test('a message is kept in the list only so far', () => {
  const task = played(step('a'));
  task.fail('a', { message: 'x'.repeat(10_000) });
  assert.is(task.step('a').dead_letter!.message.length, 500);
});

test('a retry closes the entry; the next failure opens it again with its history', () => {
  const task = played(step('a'));
  task.fail('a');
  note(task, 'a');
  task.at = 2_000;
  task.retry('a');
  assert.equal(entry(task, 'a'), ['refused', 'retried', 'tester']);
  task.at = 3_000;
  task.fail('a', { code: 'trap' });
  const { openings, notes, first_at, last_at, attempts, closed } = task.step('a').dead_letter!;
  assert.equal([openings, notes, first_at, last_at, attempts, closed], [2, 1, 1_000, 3_000, 2, undefined]);
  assert.equal(entry(task, 'a'), ['poisoned', 'open', undefined]);
});

test('a step that is resolved by hand leaves the list', () => {
  const task = played(step('a'));
  task.fail('a');
  task.resolveStep('a', {});
  assert.equal(entry(task, 'a'), ['refused', 'resolved', 'tester']);
});

test('cancelling a task, or accepting it, closes its entries with who and why', () => {
  for (const kind of ['cancel', 'resolve'] as const) {
    const task = played(step('a'), step('b'));
    task.fail('a');
    stuck(task, 'b');
    task.operate(kind);
    assert.equal(
      [entry(task, 'a'), entry(task, 'b')].map(([, ...rest]) => rest),
      [
        ['resolved', 'tester'],
        ['resolved', 'tester'],
      ],
    );
    assert.is(task.step('a').dead_letter!.closed!.reason, 'played');
  }
});

test('the entry of a task that its failure ended stays open until somebody closes it', () => {
  const task = played(step('a', { on_failure: 'fail_task' }), step('b'));
  stuck(task, 'b');
  task.fail('a');
  assert.equal(
    [task.status, entry(task, 'a'), entry(task, 'b')],
    ['error', ['refused', 'open', undefined], ['stuck', 'resolved', 'system']],
  );
  assert.equal(note(task, 'a'), ['dead_letter_noted']);
  assert.equal(close(task, 'a'), ['dead_letter_closed']);
  assert.equal([task.status, entry(task, 'a')], ['error', ['refused', 'resolved', 'ada']]);
  assert.equal(note(task, 'a'), ['dead_letter_noted']);
});

test('closing an entry leaves the step as it is, and only a new failure opens it again', () => {
  const task = played(step('a'));
  task.fail('a');
  close(task, 'a');
  assert.equal([task.step('a').status, task.status], ['error', 'blocked_by_failures']);
  assert.is(
    code(() => close(task, 'a')),
    'dead_letter_closed',
  );
  task.retry('a');
  assert.equal(entry(task, 'a'), ['refused', 'resolved', 'ada']);
  task.fail('a');
  assert.equal(entry(task, 'a'), ['refused', 'open', undefined]);
});

test('notes and closing need an entry', () => {
  const task = played(step('a'));
  assert.is(
    code(() => note(task, 'a')),
    'dead_letter_not_found',
  );
  assert.is(
    code(() => close(task, 'a')),
    'dead_letter_not_found',
  );
  const unknown = { kind: 'close_dead_letter', at: 1, step_id: 't.9', by: 'ada', reason: '' } as const;
  assert.is(
    code(() => task.tell(unknown)),
    'step_not_found',
  );
});

test('a step that nobody takes is stuck until it moves on', () => {
  const task = played(step('a', { retry: TWICE }), step('b'), step('c'));
  assert.equal(stuck(task, 'a'), ['dead_letter_opened']);
  assert.equal(stuck(task, 'a'), [], 'it is in the list');
  const { since, code: of } = task.step('a').dead_letter!;
  assert.equal([since, of], [7, 'not_taken']);
  task.tell({ kind: 'record_taken', at: task.at, broker: 'b1', ...task.fence('a') });
  assert.equal(
    [entry(task, 'a'), task.step('a').dead_letter!.closed!.reason],
    [['stuck', 'resolved', 'system'], 'b1 runs it now'],
  );
  stuck(task, 'b');
  task.complete('b');
  assert.equal(entry(task, 'b'), ['stuck', 'resolved', 'system']);
  stuck(task, 'c');
  task.fail('c');
  assert.equal([entry(task, 'c'), task.step('c').dead_letter!.openings], [['refused', 'open', undefined], 2]);
});

test('a step without a worker is stuck until a component arrives', () => {
  let arrived = false;
  const pin = { name: 'played', version: '1.0.0', digest: 'sha256:played' };
  const task = new TaskPlayer([step('a')], { resolveHandler: () => (arrived ? pin : undefined) });
  task.submit();
  stuck(task, 'a');
  const { code: of, message } = task.step('a').dead_letter!;
  assert.equal([of, message.startsWith('no worker has played@')], ['no_worker', true]);
  arrived = true;
  task.tell({ kind: 'worker_available', at: task.at });
  assert.equal([task.step('a').status, entry(task, 'a')], ['enqueued', ['stuck', 'resolved', 'system']]);
});

test('what is late, done or of another dispatch is not stuck', () => {
  const task = played(step('a'), step('b', { dependencies: ['a'] }));
  const late = { ...task.fence('a'), attempt: 2 };
  assert.equal(task.tell({ kind: 'mark_stuck', at: 1, since: 0, ...late }), []);
  assert.equal(stuck(task, 'b'), []);
  task.complete('a');
  assert.equal(stuck(task, 'a'), []);
});

const FRAME = [step('spread', { type: 'batchable' }), step('work', { type: 'batch_worker', dependencies: ['spread'] })];

function batch(tolerance: Json, frame = FRAME): TaskPlayer {
  const task = played(...frame);
  task.end('spread', { kind: 'batches', items: [0, 1, 2], max_concurrency: 0, result: { tolerance } });
  return task;
}

test('workers within the tolerance of their batch do not land', () => {
  const task = batch({ count: 1 });
  task.fail('work[0]', { code: 'trap' });
  task.complete('work[1]');
  task.complete('work[2]');
  assert.equal(
    [task.status, task.step('work').dead_letter, task.step('work[0]').dead_letter],
    ['complete', undefined, undefined],
  );
});

test('beyond the tolerance the batch lands, for the gravest reason among its workers', () => {
  const task = batch({ count: 1 });
  task.fail('work[0]', { code: 'trap' });
  task.fail('work[1]');
  assert.equal([task.step('work').status, entry(task, 'work')], ['error', ['poisoned', 'open', undefined]]);
  assert.equal([task.step('work[0]').dead_letter, task.step('work[1]').dead_letter], [undefined, undefined]);
  task.retry('work');
  assert.equal(entry(task, 'work'), ['poisoned', 'retried', 'tester']);
  for (const name of ['work[0]', 'work[1]', 'work[2]']) task.complete(name);
  assert.is(task.status, 'complete');
});

test('a batch that may fail does not land', () => {
  const task = batch({ count: 0 }, [FRAME[0]!, { ...FRAME[1]!, on_failure: 'continue' }]);
  task.fail('work[0]');
  assert.equal([task.step('work').status, task.step('work').dead_letter], ['error', undefined]);
});

test('exhausted attempts count from the last retry by hand', () => {
  const task = played(step('a', { retry: TWICE }));
  exhaust(task, 'a');
  task.retry('a');
  exhaust(task, 'a');
  const { attempts, openings } = task.step('a').dead_letter!;
  assert.equal([attempts, openings], [4, 2]);
});
