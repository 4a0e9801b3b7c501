import {
  journal,
  memoryTransport,
  Puppet,
  Rig,
  settled,
  step,
  submission,
  submitted,
  turns,
} from '../../testing/engine_rig.ts';
import { type NativeHandler, StepFailure } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { dispatchMessage, resultMessage } from '../transport/messages.ts';
import type { CloudEvent } from '../transport/port.ts';
import type { Engine, TaskView } from './port.ts';

const test = suite('engine: messages that get lost, repeated, late or broken');

const RETRY = { max_attempts: 5, backoff: 'none', base_ms: 1, max_ms: 10, jitter: 0 };

/** Fails on its first attempt. */
const flaky: NativeHandler = {
  name: 'flaky',
  run: ({ identity }) => {
    if (identity.attempt === 1) throw new StepFailure({ retryable: true });
    return { kind: 'complete', result: { attempt: identity.attempt } };
  },
};

const router: NativeHandler = {
  name: 'router',
  run: () => ({ kind: 'branch', steps: ['left', 'right'], result: {} }),
};

const STEPS = [
  step('first', { catalog: 'flaky', retry: RETRY }),
  step('route', { type: 'decision', catalog: 'router', dependencies: ['first'] }),
  step('left', { catalog: 'flaky', retry: RETRY, dependencies: ['route'] }),
  step('right', { dependencies: ['route'] }),
  step('neither', { dependencies: ['route'] }),
  ...Array.from({ length: 6 }, (_, i) => step(`fan${i}`, { catalog: 'flaky', retry: RETRY, dependencies: ['first'] })),
  step('end', { type: 'deferred', dependencies: ['left', 'right', 'neither', 'fan0', 'fan5'] }),
];

async function assertOnce(engine: Engine, task: TaskView): Promise<void> {
  assert.is(task.status, 'complete');
  const recorded = (await journal(engine, task.task_id)).flatMap((event) =>
    event.kind === 'step_completed' ? [event.step_id] : [],
  );
  assert.equal(recorded.sort(), task.steps.map(({ step_id }) => step_id).sort());
  assert.ok(!task.steps.some(({ name }) => name === 'neither'));
  assert.equal(
    task.steps.flatMap(({ name, attempt }) => (name.startsWith('fan') ? [attempt] : [])),
    Array.from({ length: 6 }, () => 2),
  );
}

test('repeated and late messages change nothing', () =>
  Rig.with(async (rig) => {
    for (let seed = 1; seed <= 8; seed++) {
      const transport = memoryTransport({ duplicate: 0.4, reorder: 0.5, seed });
      const { engine, close } = await rig.start({ handlers: [flaky, router], parts: { transport } });
      const tasks = await Promise.all(Array.from({ length: 5 }, () => submitted(engine, ...STEPS)));
      for (const taskId of tasks) await assertOnce(engine, await settled(engine, taskId));
      await close();
    }
  }));

test('lost messages delay work until the next start, and lose none of it', () =>
  Rig.with(async (rig) => {
    const lossy = memoryTransport({ drop: 0.2, duplicate: 0.2, reorder: 0.5, seed: 7 });
    const first = await rig.start({ handlers: [flaky, router], parts: { transport: lossy } });
    const tasks = await Promise.all(Array.from({ length: 10 }, () => submitted(first.engine, ...STEPS)));
    await turns(100);
    const open = (await Promise.all(tasks.map((taskId) => first.engine.task(taskId)))).filter(
      (task) => task.settled_at === null,
    );
    assert.ok(open.length > 0, 'some messages were lost');
    await first.close();

    const { engine } = await rig.start({ handlers: [flaky, router] });
    for (const taskId of tasks) await assertOnce(engine, await settled(engine, taskId));
  }));

test('what is no dispatch and no result is dropped, and work goes on', () =>
  Rig.with(async (rig) => {
    const transport = memoryTransport();
    const logged: string[] = [];
    const puppet = new Puppet();
    const { engine } = await rig.start({
      handlers: [puppet],
      parts: { transport },
      onLog: ({ msg }) => void logged.push(String(msg)),
    });
    const { task } = await engine.submit(submission([step('a', { catalog: 'puppet' })]));
    const { step: run } = await puppet.next();
    const fence = { task_id: task.task_id, step_id: run.identity.step_id, attempt: 1, activation: 0 };
    const result = resultMessage({ ...fence, kind: 'outcome', outcome: { kind: 'complete', result: 'forged' } }, 0);
    const broken: CloudEvent[] = [
      { ...result, type: 'something.else' },
      { ...result, data: {} },
      { ...result, data: { ...result.data, attempt: 0 } },
      { ...result, data: { ...result.data, outcome: { kind: 'complete' } } },
      { ...result, data: { ...result.data, kind: 'constructor' } },
      { ...result, data: [] as unknown as CloudEvent['data'] },
    ];
    for (const message of broken) await transport.publishResult(task.task_id, message);
    for (const message of broken) await transport.publishStep('default', message);
    for (const message of broken) await transport.broadcast(message);
    // Well formed, of a task that does not exist.
    await transport.publishResult('nobody', {
      ...result,
      data: { ...result.data, task_id: 'nobody', step_id: 'nobody.0' },
    });
    await turns();
    const count = (text: string): number => logged.filter((msg) => msg.startsWith(text)).length;
    assert.equal([count('a result message is malformed'), count('a dispatch message is malformed')], [6, 6]);
    assert.is(count('a result cannot be recorded'), 1);
    assert.is((await engine.step(task.task_id, 'a')).status, 'enqueued');
    const next = await submitted(engine, step('b'));
    assert.is((await settled(engine, next)).status, 'complete');
  }));

test('a dispatch that nobody asked for is run and its result dropped', () =>
  Rig.with(async (rig) => {
    const transport = memoryTransport();
    const { engine } = await rig.start({ parts: { transport } });
    const taskId = await submitted(engine, step('a'), step('b'));
    const task = await settled(engine, taskId);
    const identity = {
      task_id: taskId,
      step_id: task.steps[0]!.step_id,
      step_name: 'a',
      namespace: 'default',
      template_name: 'rigged',
      attempt: 9,
      activation: 0,
      idempotency_key: 'k',
    };
    const pin = { name: 'noop', version: '1.0.0', digest: 'native:noop' };
    const forged = { identity, pin, config: {}, inputs: { forged: true }, timeout_ms: 100, egress: [], secrets: [] };
    await transport.publishStep('default', dispatchMessage(forged, 0));
    await turns();
    assert.equal(await engine.task(taskId), task);
  }));
