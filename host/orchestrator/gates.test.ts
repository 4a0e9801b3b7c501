import type { Json, JsonObject } from '../../kernel/json.ts';
import { happened, journal, Rig, refusal, settled, step, stepIs, submitted, until } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Weft } from '../compose.ts';
import type { Engine, StepView } from './port.ts';

const test = suite('engine: gates, run in cells');

const ACT = { by: 'operator', reason: 'because' };

/** One engine for all tests: cells take a while to boot. */
let engine: Engine;
let rig: Rig;
let weft: Weft;
let release: () => void;
let done: Promise<void>;

test.before(async () => {
  await new Promise<void>((ready, failed) => {
    done = Rig.with(async (opened) => {
      rig = opened;
      weft = await rig.start({ handlers: 'cells' });
      engine = weft.engine;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      ready();
      await released;
    }).catch(failed);
  });
});
test.after(async () => {
  release();
  await done;
});

const AFTER = step('after', { catalog: 'transform', config: { expression: '1' }, dependencies: ['gate'] });

const gate = (config: JsonObject): JsonObject => step('gate', { catalog: 'gate', config: { title: 'Go?', ...config } });

async function opened(config: JsonObject, ...more: JsonObject[]): Promise<string> {
  const taskId = await submitted(engine, gate(config), ...more);
  await stepIs(engine, taskId, 'gate', 'waiting_for_input');
  return taskId;
}

let signals = 0;

function decide(
  taskId: string,
  principal: string,
  data: Json,
  more: { id?: string; roles?: string[] } = {},
): Promise<StepView> {
  const { id = `signal ${++signals}`, roles = [] } = more;
  return engine.signal(taskId, 'gate', { signal_id: id, data }, { principal, roles });
}

const voted = (count: number) => (task: { steps: readonly StepView[] }) =>
  (task.steps[0]!.waiting_for?.request['decisions'] as Json[] | undefined)?.length === count;

const verdictOf = (task: { steps: readonly StepView[] }): JsonObject => task.steps[0]!.result as JsonObject;

test('an approval opens the gate and says who, when and why', async () => {
  const taskId = await opened({ details: { amount: 700 } }, AFTER);
  const [row] = (await engine.waiting({ task_id: taskId, limit: 10 })).items;
  assert.equal([row?.step_name, row?.request['title'], row?.request['details']], ['gate', 'Go?', { amount: 700 }]);
  await decide(taskId, 'ada', { decision: 'approve', comment: 'fine' });
  const task = await settled(engine, taskId);
  const { decision, decided_by, comment, decided_at_ms } = verdictOf(task);
  assert.equal([task.status, decision, decided_by, comment], ['complete', 'approve', ['ada'], 'fine']);
  const signalled = await happened(engine, taskId, 'step_signalled');
  assert.is(decided_at_ms, signalled.at);
  assert.equal((await engine.waiting({ task_id: taskId, limit: 10 })).items, []);
  assert.is(task.steps[0]!.attempt, 1);
});

test('a rejection fails the step and holds what follows', async () => {
  const taskId = await opened({}, AFTER);
  await decide(taskId, 'ada', { decision: 'reject', comment: 'too dear' });
  const task = await stepIs(engine, taskId, 'gate', 'error');
  assert.equal([task.status, task.steps[0]!.failure?.['code']], ['blocked_by_failures', 'rejected']);
  await engine.cancel(taskId, ACT);
});

test('a quorum takes different people; the same signal twice is one', async () => {
  const taskId = await opened({ criteria: { quorum: 2 }, audience: ['role:board'] });
  const board = { roles: ['board'] };
  await decide(taskId, 'ada', { decision: 'approve' }, { ...board, id: 'once' });
  await until(engine, taskId, voted(1));
  await decide(taskId, 'ada', { decision: 'approve' }, { ...board, id: 'once' });
  await decide(taskId, 'ada', { decision: 'approve' }, board);
  await stepIs(engine, taskId, 'gate', 'waiting_for_input');
  await decide(taskId, 'bob', { decision: 'approve' }, board);
  const task = await settled(engine, taskId);
  assert.equal(verdictOf(task)['decided_by'], ['ada', 'bob']);
  const accepted = (await journal(engine, taskId)).filter(({ kind }) => kind === 'step_signalled');
  assert.is(accepted.length, 3);
});

test('decisions that come at once all count, in order', async () => {
  const taskId = await opened({ criteria: { quorum: 3 } });
  const people = ['ada', 'bob', 'cy'];
  await Promise.all(people.map((principal) => decide(taskId, principal, { decision: 'approve' })));
  assert.equal(verdictOf(await settled(engine, taskId))['decided_by'], people);
});

test('those who are not asked, data that is not wanted and gates that are not there are refused', async () => {
  const taskId = await opened({
    audience: ['ada', 'role:finance'],
    data_schema: { type: 'object', required: ['cost_center'], properties: { cost_center: { type: 'string' } } },
  });
  assert.is(await refusal(decide(taskId, 'bob', { decision: 'approve' }, { roles: ['sales'] })), 'signal_forbidden');
  assert.is(await refusal(decide(taskId, 'ada', { decision: 'perhaps' })), 'signal_invalid');
  assert.is(await refusal(decide(taskId, 'ada', { decision: 'approve' })), 'signal_invalid');
  assert.is(await refusal(decide(taskId, 'ada', { decision: 'approve', data: { cost_center: 7 } })), 'signal_invalid');
  const right = { decision: 'approve', data: { cost_center: 'R&D' } };
  await decide(taskId, 'cy', right, { roles: ['finance'], id: 'right' });
  assert.equal(verdictOf(await settled(engine, taskId))['data'], { cost_center: 'R&D' });
  assert.is(await refusal(decide(taskId, 'ada', right)), 'task_settled');
  // Who repeats what was accepted, not knowing that it was, is told the same again.
  assert.is((await decide(taskId, 'cy', right, { roles: ['finance'], id: 'right' })).status, 'complete');
});

test('a gate whose data_schema nothing can be checked against fails instead of waiting for ever', async () => {
  const taskId = await submitted(engine, gate({ data_schema: { type: 'no such type' } }));
  const task = await stepIs(engine, taskId, 'gate', 'error');
  assert.is(task.steps[0]!.failure?.['code'], 'signals_invalid');
  await engine.cancel(taskId, ACT);
});

test('a deadline decides in the place of people', async () => {
  const taskId = await submitted(engine, gate({ timeout_ms: 30, on_timeout: 'approve' }));
  const { decision, timed_out } = verdictOf(await settled(engine, taskId));
  assert.equal([decision, timed_out], ['approve', true]);
});

test('a gate escalates to the next audience, and only they may answer then', async () => {
  const taskId = await submitted(
    engine,
    gate({ audience: ['ada'], timeout_ms: 30, on_timeout: 'escalate', escalation: [{ audience: ['boss'] }] }),
  );
  await until(engine, taskId, ({ steps }) => steps[0]!.waiting_for?.request['level'] === 1);
  assert.is(await refusal(decide(taskId, 'ada', { decision: 'approve' })), 'signal_forbidden');
  await decide(taskId, 'boss', { decision: 'approve' });
  const { level, decided_by } = verdictOf(await settled(engine, taskId));
  assert.equal([level, decided_by], [1, ['boss']]);
});

test('deadlines run on and answers count while a task is paused; it goes on when it is resumed', async () => {
  const answered = await opened({});
  const late = await submitted(engine, gate({ timeout_ms: 60, on_timeout: 'approve' }));
  await stepIs(engine, late, 'gate', 'waiting_for_input');
  for (const taskId of [answered, late]) await engine.pause(taskId, ACT);
  await decide(answered, 'ada', { decision: 'approve' });
  await happened(engine, late, 'step_deadline_fired');
  for (const taskId of [answered, late]) {
    assert.is((await engine.task(taskId)).steps[0]!.status, 'waiting_for_input');
    await engine.resume(taskId, ACT);
  }
  assert.equal(verdictOf(await settled(engine, answered))['decided_by'], ['ada']);
  assert.is(verdictOf(await settled(engine, late))['timed_out'], true);
});

test('a gate that waits survives a restart', async () => {
  const taskId = await opened({ criteria: { quorum: 2 } });
  await decide(taskId, 'ada', { decision: 'approve' });
  await until(engine, taskId, voted(1));
  await weft.close();
  weft = await rig.start({ handlers: 'cells' });
  engine = weft.engine;
  assert.is((await engine.waiting({ task_id: taskId, limit: 10 })).items.length, 1);
  await decide(taskId, 'bob', { decision: 'approve' });
  assert.equal(verdictOf(await settled(engine, taskId))['decided_by'], ['ada', 'bob']);
});
