import {
  journal,
  memoryTransport,
  Puppet,
  Rig,
  settled,
  step,
  stepIs,
  submitted,
  turns,
} from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { resultMessage } from '../transport/messages.ts';

const test = suite('engine: attempts');

const RETRY = { max_attempts: 3, backoff: 'none', base_ms: 1, max_ms: 1_000, jitter: 0 };

test('a retryable failure is tried again, no sooner than Retry-After says', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: RETRY }));
    (await puppet.next()).fail({ code: 'busy', retryable: true, retry_after_ms: 120 });
    const waiting = await stepIs(engine, taskId, 'a', 'waiting_for_retry');
    assert.is(waiting.status, 'waiting');
    const second = await puppet.next();
    assert.equal([second.step.identity.attempt, second.step.identity.idempotency_key], [2, waiting.steps[0]!.step_id]);
    second.fail({ code: 'busy', retryable: true });
    (await puppet.next()).complete({ n: 3 });
    const task = await settled(engine, taskId);
    assert.equal([task.steps[0]!.attempt, task.steps[0]!.result], [3, { n: 3 }]);

    const events = await journal(engine, taskId);
    const waits = events.flatMap((event) => (event.kind === 'step_retry_scheduled' ? [event.retry_at - event.at] : []));
    assert.equal(waits, [120, 1]);
    const due = events.find((event) => event.kind === 'step_retry_scheduled')!.retry_at;
    const again = events.find((event) => event.kind === 'step_enqueued' && event.attempt === 2)!;
    assert.ok(again.at >= due, `dispatched ${due - again.at} ms early`);
  }));

test('attempts are spent, then the step fails and holds its dependents back', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(
      engine,
      step('a', { catalog: 'puppet', retry: RETRY }),
      step('b', { dependencies: ['a'] }),
    );
    for (let attempt = 1; attempt <= 3; attempt++) (await puppet.next()).fail({ code: 'busy', retryable: true });
    const task = await stepIs(engine, taskId, 'a', 'error');
    assert.is(puppet.runs, 3);
    assert.is(task.status, 'blocked_by_failures');
    assert.is(task.steps[1]!.status, 'pending');
  }));

test('a failure that is not retryable is final at once', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: RETRY, on_failure: 'fail_task' }));
    (await puppet.next()).fail({ code: 'refused' });
    const task = await settled(engine, taskId);
    assert.equal([task.status, task.steps[0]!.attempt, task.steps[0]!.failure?.['code']], ['error', 1, 'refused']);
  }));

test('a step that runs too long is ended and tried again', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', timeout_ms: 40, retry: RETRY }));
    await puppet.next();
    (await puppet.next()).complete('in time');
    const task = await settled(engine, taskId);
    assert.equal([task.status, task.steps[0]!.attempt, task.steps[0]!.result], ['complete', 2, 'in time']);
    const failures = (await journal(engine, taskId)).flatMap((event) =>
      event.kind === 'step_retry_scheduled' ? [event.failure.code] : [],
    );
    assert.equal(failures, ['timeout']);
  }));

test('a result of an earlier attempt and a second result of the same one change nothing', () =>
  Rig.with(async (rig) => {
    const transport = memoryTransport();
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet], parts: { transport } });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: RETRY }));
    const first = await puppet.next();
    const { step_id } = first.step.identity;
    const forge = (attempt: number, result: string) =>
      transport.publishResult(
        taskId,
        resultMessage(
          { task_id: taskId, step_id, attempt, activation: 0, kind: 'outcome', outcome: { kind: 'complete', result } },
          0,
        ),
      );
    first.fail({ retryable: true });
    const second = await puppet.next();
    await forge(1, 'of the first attempt');
    await forge(3, 'of an attempt that never was');
    await turns();
    assert.is((await engine.step(taskId, 'a')).status, 'enqueued');
    second.complete('mine');
    await settled(engine, taskId);
    await forge(2, 'too late');
    await turns();
    assert.is((await engine.step(taskId, 'a')).result, 'mine');
    const { seq } = await engine.task(taskId);
    assert.is((await journal(engine, taskId)).filter((event) => event.kind === 'step_completed').length, 1);
    assert.is((await engine.events(taskId, seq, 10)).length, 0);
  }));

test('who runs a step is shown while it runs, not before and not after', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: { ...RETRY, base_ms: 60 } }));
    const first = await puppet.next();
    await turns();
    assert.match((await engine.step(taskId, 'a')).in_progress!.broker, String(process.pid));
    first.fail({ retryable: true });
    assert.is((await stepIs(engine, taskId, 'a', 'waiting_for_retry')).steps[0]!.in_progress, null);
    const second = await puppet.next();
    second.complete();
    assert.is((await settled(engine, taskId)).steps[0]!.in_progress, null);
  }));

test('a result that breaks the output schema, or values that break the input schema, fail the step', () =>
  Rig.with(async (rig) => {
    const strict = {
      inputSchema: { type: 'object', properties: { n: { type: 'number' } } },
      outputSchema: { type: 'object', required: ['total'] },
    };
    const puppet = new Puppet('puppet', strict);
    const { engine } = await rig.start({ handlers: [puppet] });
    const wrongResult = await submitted(engine, step('a', { catalog: 'puppet' }));
    (await puppet.next()).complete({ sum: 1 });
    const refused = await stepIs(engine, wrongResult, 'a', 'error');
    assert.is(refused.steps[0]!.failure?.['code'], 'result_invalid');

    const wrongValues = await submitted(
      engine,
      step('a', { inputs: { n: 'seven' } }),
      step('b', { catalog: 'puppet', dependencies: ['a'], inputs: { n: '${steps.a.result.n}' } }),
    );
    const unsent = await stepIs(engine, wrongValues, 'b', 'error');
    assert.is(unsent.steps[1]!.failure?.['code'], 'values_refused');
    assert.is(puppet.runs, 1);
  }));
