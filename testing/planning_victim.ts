/**
 * The process that the tests of planning kill: submits one task whose planner first proposes nonsense and then a plan of
 * two steps, and stays until it has settled. Every call of the planner is a line in `calls`, written before it answers.
 * `WEFT_CRASH_AT` names where the process dies.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startWeft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import type { Planner } from '../kernel/planning/planner.ts';
import { submission } from './engine_rig.ts';
import { nativeHandlers, noop } from './native_executor.ts';
import { fragmentOf, planned } from './scripted_planner.ts';

const [directory] = process.argv.slice(2) as [string];

const planner: Planner = {
  description: 'counts its calls',
  spends: () => ({ llm_calls: 1, tokens: 100, cost_usd: 0.25 }),
  plan: async ({ call, feedback }) => {
    appendFileSync(join(directory, 'calls'), `${call}\n`);
    const plan = fragmentOf(planned('a'), planned('b', { dependencies: ['a'] }));
    const text = feedback.length === 0 ? 'nonsense' : JSON.stringify(plan);
    const usage = { input_tokens: 30, output_tokens: 10, cache_read_tokens: 0, cost_usd: 0.125 };
    return { text, stop_reason: 'end', model: 'counted', usage };
  },
};

const weft = await startWeft(await loadConfig({ cwd: directory, env: { WEFT_DATA_DIRECTORY: directory } }), {
  logger: pino({ level: 'silent' }),
  env: { WEFT_CRASH_AT: process.env['WEFT_CRASH_AT'] },
  native: nativeHandlers([noop], 4),
  parts: { planners: { counted: planner } },
});
const { task } = await weft.engine.submit(
  submission(
    [
      { name: 'plan', type: 'planning', planner: 'counted', goal: 'two steps' },
      { name: 'after', handler: { catalog: 'noop' }, dependencies: ['plan'] },
    ],
    { idempotency_key: 'once', frame: { budget: { max_llm_calls: 4, max_tokens: 400 } } },
  ),
);
while ((await weft.engine.task(task.task_id)).settled_at === null) await sleep(5);
await weft.close();
