import { WeftError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { POISON_CODES } from '../../kernel/task/bury.ts';
import {
  journal,
  Puppet,
  Rig,
  refusal,
  settled,
  step,
  stepIs,
  submission,
  submitted,
  until,
} from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import { SANDBOX_FAILURES } from '../sandbox/failures.ts';
import type { DeadLetterRow, Store } from '../store/port.ts';
import type { Engine } from './port.ts';

const test = suite('engine: dead letters');

const ACT = { by: 'ada', reason: 'because' };
const TWICE = { max_attempts: 2, backoff: 'none', base_ms: 1, max_ms: 1_000, jitter: 0 };

/** The list, oldest first, as `step: reason state`. */
async function listed(engine: Engine, task_id?: string): Promise<string[]> {
  const { items } = await engine.deadLetters({ limit: 99, ...(task_id === undefined ? {} : { task_id }) });
  return items.map(({ step_name, reason, state }) => `${step_name}: ${reason} ${state}`).reverse();
}

/** Waits until the list of a task reads so. */
async function reads(engine: Engine, taskId: string, expected: readonly string[]): Promise<void> {
  await until(engine, taskId, () => true);
  for (let turn = 0; turn < 1_000; turn++) {
    if (JSON.stringify(await listed(engine, taskId)) === JSON.stringify(expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(await listed(engine, taskId), expected);
}

test('the codes that make a step poisoned are those of the sandbox', () => {
  for (const code of POISON_CODES) assert.ok(code in SANDBOX_FAILURES, code);
});

test('an exhausted step is listed with what it was given and every failure', () =>
  Rig.with(async (rig) => {
    const key = { type: 'string', 'x-weft-secret': true };
    const puppet = new Puppet('puppet', { configSchema: { type: 'object', properties: { key } } });
    const { engine } = await rig.start({ handlers: [puppet] });
    const steps = [
      step('first'),
      step('post', {
        catalog: 'puppet',
        config: { to: '${task.context.to}', key: '${secrets.API_KEY}', large: '${task.context.large}' },
        inputs: { first: '${steps.first.status}' },
        dependencies: ['first'],
        retry: TWICE,
      }),
    ];
    const context = { to: 'ops', large: 'x'.repeat(70_000) };
    const frame = { secrets: ['API_KEY'] };
    const { task } = await engine.submit(submission(steps, { context: { ...context, large: '' }, frame }));
    (await puppet.next()).fail({ code: 'http_status', message: '503', retryable: true });
    assert.equal(await listed(engine), []);
    (await puppet.next()).fail({ code: 'http_status', message: '504', retryable: true });
    const blocked = await stepIs(engine, task.task_id, 'post', 'error');
    assert.equal(blocked.steps[1]!.dead_letter, { reason: 'exhausted', state: 'open' });
    const [row] = (await engine.deadLetters({ limit: 9 })).items;
    const { step_name, template_name, namespace, code, message, handler, handler_version, attempts } = row!;
    assert.equal(
      [step_name, template_name, namespace, code, message],
      ['post', 'rigged', 'default', 'http_status', '504'],
    );
    assert.equal([handler, handler_version, attempts], ['puppet', blocked.steps[1]!.handler.version, 2]);
    const view = await engine.deadLetter(task.task_id, 'post');
    assert.equal(view.config, { value: { to: 'ops', key: '${secrets.API_KEY}', large: '' } });
    assert.equal(view.inputs, { value: { first: 'complete' } });
    assert.equal(
      view.failures.map(({ attempt, failure }) => [attempt, failure.message]),
      [
        [1, '503'],
        [2, '504'],
      ],
    );
    assert.equal(await engine.deadLetterCounts(), { exhausted: 1 });

    const other = await engine.submit(submission(steps, { context, frame }));
    for (let i = 0; i < 2; i++) (await puppet.next()).fail({ retryable: true });
    await stepIs(engine, other.task.task_id, 'post', 'error');
    const { config: large } = await engine.deadLetter(other.task.task_id, 'post');
    assert.ok(large !== null && 'left_out' in large);
  }));

test('poisoned and refused steps are told apart, and a tolerated failure is not listed', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const ends: Readonly<Record<string, { code: string; retryable: boolean }>> = {
      trapped: { code: 'trap', retryable: false },
      killed: { code: 'cell_crashed', retryable: true },
      denied: { code: 'bad_request', retryable: false },
      tolerated: { code: 'bad_request', retryable: false },
    };
    const names = Object.keys(ends);
    const rest = { catalog: 'puppet', retry: { ...TWICE, max_attempts: 1 } };
    const steps = names.map((name) => step(name, { ...rest, on_failure: name === 'tolerated' ? 'continue' : 'block' }));
    const taskId = await submitted(engine, ...steps);
    for (const _ of names) {
      const run = await puppet.next();
      run.fail(ends[run.step.identity.step_name]!);
    }
    await until(engine, taskId, ({ status }) => status === 'blocked_by_failures');
    const expected = ['denied: refused open', 'killed: poisoned open', 'trapped: poisoned open'];
    assert.equal((await listed(engine)).sort(), expected);
    const poisoned = await engine.deadLetters({ limit: 9, reason: ['poisoned'] });
    assert.is(poisoned.items.length, 2);
  }));

test('values that a handler refuses are listed in the commit that creates the task', () =>
  Rig.with(async (rig) => {
    const strict = new Puppet('strict', {
      inputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    });
    const { engine } = await rig.start({ handlers: [strict] });
    const { task } = await engine.submit(
      submission([step('unfit', { catalog: 'strict', inputs: { n: '${task.context.n}' } })], {
        context: { n: 'text' },
      }),
    );
    assert.equal(await listed(engine, task.task_id), ['unfit: refused open']);
    const { attempts, code, inputs } = await engine.deadLetter(task.task_id, 'unfit');
    assert.equal([attempts, code, inputs], [0, 'values_refused', { value: { n: 'text' } }]);
  }));

test('retry, resolve and cancel close the entry with who and why; a new failure opens it again', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet' }), step('b', { catalog: 'puppet' }));
    for (let i = 0; i < 2; i++) (await puppet.next()).fail({ code: 'broken' });
    await until(engine, taskId, ({ status }) => status === 'blocked_by_failures');
    await engine.retryStep(taskId, 'a', ACT);
    assert.equal(await listed(engine), ['a: refused retried', 'b: refused open']);
    (await puppet.next()).fail({ code: 'broken again' });
    await stepIs(engine, taskId, 'a', 'error');
    const again = await engine.deadLetter(taskId, 'a');
    assert.equal([again.state, again.openings, again.code, again.closed_by], ['open', 2, 'broken again', null]);
    assert.equal(
      again.history.map(({ what, by }) => [what, by]),
      [
        ['opened', null],
        ['retried', 'ada'],
        ['opened', null],
      ],
    );
    await engine.resolveStep(taskId, 'a', { result: {} }, ACT);
    assert.equal(await listed(engine), ['a: refused resolved', 'b: refused open']);
    await engine.cancel(taskId, { by: 'grace', reason: 'not wanted' });
    const { state, closed_by, closed_reason } = await engine.deadLetter(taskId, 'b');
    assert.equal([state, closed_by, closed_reason], ['resolved', 'grace', 'not wanted']);
  }));

test('notes and closing reach the journal, also of a task that is over', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', on_failure: 'fail_task' }), step('b'));
    assert.is(await refusal(engine.noteDeadLetter(taskId, 'b', { by: 'ada', text: 'x' })), 'dead_letter_not_found');
    (await puppet.next()).fail({ code: 'broken' });
    assert.is((await settled(engine, taskId)).status, 'error');
    assert.equal(await listed(engine), ['a: refused open']);
    assert.is((await engine.noteDeadLetter(taskId, 'a', { by: 'ada', text: 'their disk is full' })).notes, 1);
    assert.is((await engine.closeDeadLetter(taskId, 'a', ACT)).state, 'resolved');
    assert.is(await refusal(engine.closeDeadLetter(taskId, 'a', ACT)), 'dead_letter_closed');
    assert.is(await refusal(engine.retryStep(taskId, 'a', ACT)), 'task_settled');
    const told = (await journal(engine, taskId)).slice(-2);
    assert.equal(
      told.map(({ at: _at, ...event }) => event),
      [
        { kind: 'dead_letter_noted', step_id: `${taskId}.0`, by: 'ada', text: 'their disk is full' },
        { kind: 'dead_letter_closed', step_id: `${taskId}.0`, ...ACT },
      ],
    );
  }));

const spread: NativeHandler = {
  name: 'spread',
  run: ({ inputs }) => ({
    kind: 'batches',
    items: [0, 1, 2],
    max_concurrency: 0,
    result: { tolerance: (inputs as JsonObject)['tolerance']! },
  }),
};

test('a batch is listed when its tolerance is exceeded, and its retry retries the workers', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [spread, puppet] });
    const frame = (count: number) => [
      step('spread', { type: 'batchable', catalog: 'spread', inputs: { tolerance: { count } } }),
      step('work', { type: 'batch_worker', catalog: 'puppet', dependencies: ['spread'] }),
    ];
    const play = async (fails: (name: string) => boolean, tolerance: number): Promise<string> => {
      const taskId = await submitted(engine, ...frame(tolerance));
      for (let i = 0; i < 3; i++) {
        const run = await puppet.next();
        if (fails(run.step.identity.step_name)) run.fail({ code: 'trap', message: 'it trapped' });
        else run.complete();
      }
      return taskId;
    };
    const within = await play((name) => name === 'work[1]', 1);
    await settled(engine, within);
    assert.equal(await listed(engine, within), []);

    const beyond = await play((name) => name !== 'work[1]', 1);
    await stepIs(engine, beyond, 'work', 'error');
    await stepIs(engine, beyond, 'work[1]', 'complete');
    await until(engine, beyond, ({ steps }) => steps.filter(({ status }) => status === 'error').length === 3);
    assert.equal(await listed(engine, beyond), ['work: poisoned open']);
    const view = await engine.deadLetter(beyond, 'work');
    assert.equal([view.code, view.config, view.failed_workers_count], ['batch_failed', null, 2]);
    assert.equal(
      view.failed_workers.map((worker) => [worker.step, worker.failure.code]),
      [
        ['work[0]', 'trap'],
        ['work[2]', 'trap'],
      ],
    );
    await engine.retryStep(beyond, 'work', ACT);
    for (let i = 0; i < 2; i++) (await puppet.next()).complete();
    await settled(engine, beyond);
    assert.equal(await listed(engine, beyond), ['work: poisoned retried']);
  }));

const SOON = { config: { dead_letters: { stuck_after_ms: 1_000 } } };

test('a step that nobody takes is stuck, until somebody does', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet], ...SOON });
    // As many as run at once, and one more.
    const names = Array.from({ length: 17 }, (_, index) => `s${index}`);
    const taskId = await submitted(engine, ...names.map((name) => step(name, { catalog: 'puppet' })));
    const running = await Promise.all(names.slice(1).map(() => puppet.next()));
    await reads(engine, taskId, ['s16: stuck open']);
    const { code, since, first_at, task_status } = await engine.deadLetter(taskId, 's16');
    assert.equal([code, task_status], ['not_taken', 'running']);
    assert.ok(first_at - since >= 1_000);
    running[0]!.complete();
    (await puppet.next()).complete();
    await stepIs(engine, taskId, 's16', 'complete');
    await reads(engine, taskId, ['s16: stuck resolved']);
    for (const run of running.slice(1)) run.complete();
    await settled(engine, taskId);
  }));

test('a step that runs is not stuck, however long it takes, also after a restart', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    let now = Date.now();
    const clock = { ...SYSTEM_CLOCK, now: () => now };
    const first = await rig.start({ handlers: [puppet], parts: { clock } });
    const taskId = await submitted(first.engine, step('a', { catalog: 'puppet' }));
    await puppet.next();
    await first.close();
    now += 3_600_000;
    const again = new Puppet();
    const { engine } = await rig.start({ handlers: [again], parts: { clock }, ...SOON });
    const run = await again.next();
    now += 3_600_000;
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal(await listed(engine), []);
    run.complete();
    await settled(engine, taskId);
  }));

test('a step whose worker is not there is stuck until it comes', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const first = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(first.engine, step('a', { catalog: 'puppet' }));
    await puppet.next();
    await first.close();
    const without = await rig.start(SOON);
    await stepIs(without.engine, taskId, 'a', 'waiting_for_worker');
    await reads(without.engine, taskId, ['a: stuck open']);
    assert.is((await without.engine.deadLetter(taskId, 'a')).code, 'no_worker');
    await without.close();
    const back = new Puppet();
    const { engine } = await rig.start({ handlers: [back] });
    (await back.next()).complete();
    await settled(engine, taskId);
    assert.equal(await listed(engine), ['a: stuck resolved']);
  }));

test('an entry is there exactly when the failure it tells of is, whenever the process ends', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    let broken = false;
    const throughStore = (store: Store): Store =>
      new Proxy(store, {
        get: (target, name: keyof Store) =>
          name === 'commit' && broken
            ? () => Promise.reject(new WeftError('store_unavailable', { problem: 'the test says so' }))
            : target[name].bind(target),
      });
    const first = await rig.start({ handlers: [puppet], parts: { throughStore } });
    const taskId = await submitted(first.engine, step('a', { catalog: 'puppet' }));
    const run = await puppet.next();
    broken = true;
    run.fail({ code: 'broken' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await listed(first.engine), []);
    await first.close();

    const again = new Puppet();
    const second = await rig.start({ handlers: [again] });
    (await again.next()).fail({ code: 'broken' });
    await stepIs(second.engine, taskId, 'a', 'error');
    const row = (await second.engine.deadLetters({ limit: 9 })).items[0] as DeadLetterRow;
    await second.close();

    const { engine } = await rig.start({ handlers: [new Puppet()] });
    assert.equal((await engine.deadLetters({ limit: 9 })).items, [row]);
    assert.is((await engine.step(taskId, 'a')).dead_letter?.state, 'open');
    assert.is((await engine.noteDeadLetter(taskId, 'a', { by: 'ada', text: 'seen' })).notes, 1);
  }));
