import {
  happened,
  journal,
  memoryTransport,
  Puppet,
  Rig,
  refusal,
  settled,
  step,
  stepIs,
  submitted,
  turns,
  until,
} from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { resultMessage } from '../transport/messages.ts';

const test = suite('engine: what operators do');

const ACT = { by: 'ada', reason: 'because' };
const RETRY = { max_attempts: 2, backoff: 'none', base_ms: 1, max_ms: 1_000, jitter: 0 };

test('cancelling kills what runs, fences its result and starts nothing that waits', () =>
  Rig.with(async (rig) => {
    const transport = memoryTransport();
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet], parts: { transport } });
    const names = Array.from({ length: 40 }, (_, i) => `s${i}`);
    const taskId = await submitted(engine, ...names.map((name) => step(name, { catalog: 'puppet' })));
    const running = await Promise.all(Array.from({ length: 16 }, () => puppet.next()));
    running[0]!.complete('before');
    const seventeenth = await puppet.next();
    const killed = new Promise((resolve) => seventeenth.step.signal.addEventListener('abort', resolve));

    const task = await engine.cancel(taskId, ACT);
    assert.is(task.status, 'cancelled');
    assert.equal(
      task.steps.map(({ status }) => status),
      names.map((_, i) => (i === 0 ? 'complete' : 'cancelled')),
    );
    await killed;
    assert.ok(running.slice(1).every(({ step }) => step.signal.aborted));
    await turns();
    assert.is(puppet.runs, 17);

    const { step_id } = seventeenth.step.identity;
    const late = { task_id: taskId, step_id, attempt: 1, activation: 0, kind: 'outcome' } as const;
    await transport.publishResult(taskId, resultMessage({ ...late, outcome: { kind: 'complete', result: 'late' } }, 0));
    await turns();
    const after = await engine.task(taskId);
    assert.equal([after.seq, after.steps[16]!.result], [task.seq, null]);
    const asked = (await journal(engine, taskId)).find((event) => event.kind === 'task_cancel_requested');
    assert.equal({ by: asked?.by, reason: asked?.reason }, ACT);
  }));

test('a pause lets what runs finish and starts nothing; resume goes on', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(
      engine,
      step('a', { catalog: 'puppet' }),
      step('b', { catalog: 'puppet', dependencies: ['a'] }),
      step('flaky', { catalog: 'puppet', retry: RETRY }),
    );
    const [a, flaky] = [await puppet.next(), await puppet.next()];
    assert.ok((await engine.pause(taskId, ACT)).paused);
    a.complete();
    flaky.fail({ retryable: true });
    // The retry's wait ends while the task is paused.
    await happened(engine, taskId, 'step_retry_due');
    const held = await stepIs(engine, taskId, 'a', 'complete');
    assert.equal([held.status, held.steps[0]!.status, held.steps[1]!.status], ['waiting', 'complete', 'pending']);
    assert.is(puppet.runs, 2);
    await engine.resume(taskId, ACT);
    const [one, other] = [await puppet.next(), await puppet.next()];
    assert.equal([one, other].map((run) => run.step.identity.step_name).sort(), ['b', 'flaky']);
    one.complete();
    other.complete();
    assert.is((await settled(engine, taskId)).status, 'complete');
  }));

test('a failed step is retried by hand with fresh attempts, by id or by name', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(
      engine,
      step('a', { catalog: 'puppet', retry: RETRY }),
      step('b', { dependencies: ['a'] }),
    );
    for (let i = 0; i < 2; i++) (await puppet.next()).fail({ retryable: true });
    const failed = await stepIs(engine, taskId, 'a', 'error');
    const retried = await engine.retryStep(taskId, failed.steps[0]!.step_id, ACT);
    assert.equal([retried.status, retried.attempt, retried.max_attempts], ['enqueued', 3, 4]);
    for (let i = 0; i < 2; i++) (await puppet.next()).fail({ retryable: true });
    await until(engine, taskId, ({ steps }) => steps[0]!.status === 'error' && steps[0]!.attempt === 4);
    await engine.retryStep(taskId, 'a', ACT);
    (await puppet.next()).complete();
    assert.is((await settled(engine, taskId)).status, 'complete');
    assert.is(await refusal(engine.retryStep(taskId, 'a', ACT)), 'task_settled');
  }));

test('a wait for a retry ends when an operator says so', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: { ...RETRY, base_ms: 1_000 } }));
    (await puppet.next()).fail({ retryable: true, retry_after_ms: 3_600_000 });
    await stepIs(engine, taskId, 'a', 'waiting_for_retry');
    await engine.retryStep(taskId, 'a', ACT);
    (await puppet.next()).complete();
    assert.is((await settled(engine, taskId)).steps[0]!.attempt, 2);
  }));

test('a step is resolved by hand while it runs: its run is killed, the given result stands', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet('puppet', { outputSchema: { type: 'object' } });
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet' }), step('b', { dependencies: ['a'] }));
    const run = await puppet.next();
    assert.is(await refusal(engine.resolveStep(taskId, 'a', { result: 'text' }, ACT)), 'result_invalid');
    assert.is(await refusal(engine.resolveStep(taskId, 'a', { result: {}, branch: ['b'] }, ACT)), 'branch_invalid');
    const killed = new Promise((resolve) => run.step.signal.addEventListener('abort', resolve));
    const resolved = await engine.resolveStep(taskId, 'a', { result: { by: 'hand' } }, ACT);
    assert.equal([resolved.status, resolved.result, resolved.resolved], ['resolved_manually', { by: 'hand' }, ACT]);
    await killed;
    run.complete({ by: 'handler' });
    const task = await settled(engine, taskId);
    assert.equal(task.steps[1]!.result, { a: { by: 'hand' } });
  }));

test('a decision is resolved by hand with the branch it takes', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(
      engine,
      step('route', { type: 'decision', catalog: 'puppet' }),
      step('left', { dependencies: ['route'] }),
      step('right', { dependencies: ['route'] }),
      step('end', { type: 'deferred', dependencies: ['left', 'right'] }),
    );
    (await puppet.next()).fail();
    await stepIs(engine, taskId, 'route', 'error');
    assert.is(await refusal(engine.resolveStep(taskId, 'route', { result: {} }, ACT)), 'branch_invalid');
    assert.is(
      await refusal(engine.resolveStep(taskId, 'route', { result: {}, branch: ['end'] }, ACT)),
      'branch_invalid',
    );
    await engine.resolveStep(taskId, 'route', { result: {}, branch: ['left'] }, ACT);
    const task = await settled(engine, taskId);
    assert.equal(
      task.steps.map(({ name }) => name),
      ['route', 'left', 'end'],
    );
    assert.equal([task.status, task.steps[2]!.dependencies], ['complete', ['left']]);
  }));

test('a task is accepted as it is', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a'), step('b', { catalog: 'puppet', dependencies: ['a'] }));
    (await puppet.next()).fail();
    await stepIs(engine, taskId, 'b', 'error');
    const task = await engine.resolve(taskId, ACT);
    assert.equal([task.status, ...task.steps.map(({ status }) => status)], ['resolved_manually', 'complete', 'error']);
    assert.is(task.reason, ACT.reason);
  }));
