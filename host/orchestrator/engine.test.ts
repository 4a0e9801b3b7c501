import type { WeftError } from '../../kernel/errors.ts';
import { journal, Puppet, Rig, refusal, settled, step, submission, submitted } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('engine: submission');

test('steps run in order, see the results before them, and the task completes', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const steps = [
      step('first', { inputs: { greeting: 'hello ${task.context.who}' } }),
      step('second', { dependencies: ['first'], inputs: { said: '${steps.first.result.greeting}' } }),
    ];
    const { task: pending } = await engine.submit(submission(steps, { context: { who: 'Ada' } }));
    const task = await settled(engine, pending.task_id);
    assert.is(task.status, 'complete');
    assert.equal(
      task.steps.map(({ name, status, result, attempt }) => ({ name, status, result, attempt })),
      [
        { name: 'first', status: 'complete', result: { greeting: 'hello Ada' }, attempt: 1 },
        { name: 'second', status: 'complete', result: { said: 'hello Ada' }, attempt: 1 },
      ],
    );
    assert.is(task.steps[0]!.receipt?.['cell_pid'], process.pid);
    assert.is((await journal(engine, task.task_id)).length, task.seq);
  }));

test('an idempotency key makes one task, also when submissions race', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const once = submission([step('a')], { context: { n: 1 }, idempotency_key: 'k' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => engine.submit(once)));
    assert.is(answers.filter(({ created }) => created).length, 1);
    assert.is(new Set(answers.map(({ task }) => task.task_id)).size, 1);
    await settled(engine, answers[0]!.task.task_id);
    const later = await engine.submit(once);
    assert.equal([later.created, later.task.task_id, later.task.status], [false, answers[0]!.task.task_id, 'complete']);
    assert.is((await engine.tasks({ limit: 100 })).items.length, 1);
  }));

test('an idempotency key with another body is refused, also when submissions race', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const body = (n: number) => submission([step('a')], { context: { n }, idempotency_key: 'k' });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, (_, n) => engine.submit(body(n))));
    const refused = answers
      .filter((each) => each.status === 'rejected')
      .map(({ reason }) => (reason as WeftError).code);
    assert.equal(
      refused,
      Array.from({ length: 9 }, () => 'idempotency_conflict'),
    );
    assert.is((await engine.tasks({ limit: 100 })).items.length, 1);
    assert.is(
      await refusal(engine.submit(submission([step('b')], { context: { n: 0 }, idempotency_key: 'k' }))),
      'idempotency_conflict',
    );
    // Keys are kept apart by namespace.
    const elsewhere = submission([step('b')], { idempotency_key: 'k', frame: { namespace: 'other' } });
    assert.ok((await engine.submit(elsewhere)).created);
  }));

test('a context that breaks the input_schema is refused with every problem, and nothing is created', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const input_schema = {
      type: 'object',
      required: ['amount'],
      properties: { amount: { type: 'number' }, name: { type: 'string' } },
    };
    const wrong = submission([step('a')], { context: { name: 7 }, frame: { input_schema } });
    const error: WeftError = await engine.submit(wrong).then(
      () => assert.unreachable(),
      (thrown) => thrown,
    );
    assert.is(error.code, 'context_invalid');
    assert.equal(error.diagnostics.map(({ pointer }) => pointer).sort(), ['', '/name']);
    assert.is((await engine.tasks({ limit: 100 })).items.length, 0);
    assert.is(await refusal(engine.submit(submission([step('a', { surprise: 1 })]))), 'template_invalid');
  }));

test('what a caller does later with what it gave changes no task', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const context = { who: { name: 'Ada' } };
    const config = { kept: true };
    const steps = [
      step('a', { catalog: 'puppet', inputs: { who: '${task.context.who.name}' } }),
      step('b', { catalog: 'puppet', config, dependencies: ['a'], inputs: { who: '${task.context.who.name}' } }),
    ];
    const { task } = await engine.submit(submission(steps, { context }));
    const first = await puppet.next();
    context.who.name = 'Bob';
    config.kept = false;
    first.complete();
    const second = await puppet.next();
    assert.equal([second.step.inputs, second.step.config], [{ who: 'Ada' }, { kept: true }]);
    const result = { n: 1 };
    await engine.resolveStep(task.task_id, 'b', { result }, { by: 'ada', reason: 'by hand' });
    result.n = 2;
    assert.equal((await settled(engine, task.task_id)).steps[1]!.result, { n: 1 });
  }));

test('a task submitted paused waits for its resume', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const { task } = await engine.submit(submission([step('a', { catalog: 'puppet' })], { paused: true }));
    assert.equal([task.status, task.paused, task.steps[0]!.status], ['pending', true, 'pending']);
    await engine.resume(task.task_id, { by: 'ada', reason: 'now' });
    (await puppet.next()).complete();
    assert.is((await settled(engine, task.task_id)).status, 'complete');
  }));

test('what does not exist is not found, and the store stays as it is', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const act = { by: 'ada', reason: 'a try' };
    assert.is(await refusal(engine.task('nobody')), 'task_not_found');
    assert.is(await refusal(engine.events('nobody', 0, 10)), 'task_not_found');
    assert.is(await refusal(engine.cancel('nobody', act)), 'task_not_found');
    const taskId = await submitted(engine, step('a'));
    await settled(engine, taskId);
    assert.is(await refusal(engine.step(taskId, 'b')), 'step_not_found');
    assert.is(await refusal(engine.cancel(taskId, act)), 'task_settled');
  }));
