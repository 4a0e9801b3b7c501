import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EventOf, TaskEvent } from '../../kernel/task/events.ts';
import { journal, Rig } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('planning: crashes');

/** From the dispatch of the call to the end of the planned steps. */
const POINTS = [
  'orchestrator.before_publish',
  'planner.answered',
  'broker.before_result',
  'broker.after_result',
  'orchestrator.plan_rejected',
  'orchestrator.plan_rejected,store.after_commit_before_resolve',
  'planner.answered:2',
  'orchestrator.plan_accepted',
  'orchestrator.plan_accepted,store.before_commit',
  'orchestrator.plan_accepted,store.in_transaction',
  'orchestrator.plan_accepted,store.after_commit_before_resolve',
  'orchestrator.plan_accepted,orchestrator.before_publish',
  'orchestrator.plan_accepted,orchestrator.after_publish',
];

const VICTIM = fileURLToPath(import.meta.resolve('../../testing/planning_victim.ts'));

const run = (directory: string, crashAt = '') =>
  spawnSync(process.execPath, [VICTIM, directory], {
    env: { ...process.env, WEFT_CRASH_AT: crashAt },
    timeout: 120_000,
  });

for (const point of POINTS) {
  test(`at ${point}: all planned steps or none, and no recorded answer is paid for twice`, () =>
    Rig.with(async (rig) => {
      assert.is(run(rig.directory, point).signal, 'SIGKILL');
      const { status, stderr } = run(rig.directory);
      assert.is(status, 0, String(stderr));
      const { engine } = await rig.start();
      const [task] = (await engine.tasks({ limit: 2 })).items;
      const events = await journal(engine, task!.task_id);
      const of = <K extends TaskEvent['kind']>(kind: K) =>
        events.filter((event): event is EventOf<K> => event.kind === kind);
      const names = (await engine.task(task!.task_id)).steps.map(({ name, status }) => `${name} ${status}`);
      assert.equal(names, ['plan complete', 'after complete', 'plan/1/a complete', 'plan/1/b complete']);
      assert.is(of('plan_accepted').length, 1);

      const calls = (await readFile(join(rig.directory, 'calls'), 'utf8')).trim().split('\n').map(Number);
      const recorded = of('plan_answered').map(({ call }) => call);
      const lost = of('plan_call_lost').map(({ call }) => call);
      assert.equal(recorded.length, 2);
      assert.ok(lost.length <= 1);
      for (const call of recorded) assert.is(calls.filter((each) => each === call).length, 1, `call ${call}`);
      assert.ok(calls.every((call) => recorded.includes(call) || lost.includes(call)));
      // Two recorded calls of 40 tokens, and a lost one that is charged with all that was set aside.
      const tokens = of('budget_settled').reduce((sum, { amounts }) => sum + (amounts.tokens ?? 0), 0);
      assert.is(tokens, 80 + 100 * lost.length);
    }));
}
