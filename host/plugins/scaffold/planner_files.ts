import type { ScaffoldFiles } from './new_plugin.ts';

/** A planner that proposes one step. */
export function plannerFiles(name: string): ScaffoldFiles {
  return {
    'plugin.ts': `import { NO_USAGE, type Planner, PlannerFailure, type Plugin } from 'weft/plugin';

/** Proposes one \`transform\` that gives the goal back. */
export const planner: Planner = {
  description: 'One step that gives the goal back.',
  spends: () => ({ llm_calls: 0, tokens: 0, cost_usd: 0 }),
  async plan({ goal, feedback }) {
    if (feedback.length > 0) {
      throw new PlannerFailure({
        code: 'no_other_plan',
        message: 'the plan was refused, and there is no other',
        retryable: false,
        usage: NO_USAGE,
      });
    }
    const fragment = {
      fragment_version: '1.0',
      planning_context: { goal, reasoning: 'One step is enough.' },
      steps: [
        {
          name: 'answer',
          reasoning: 'Gives the goal back.',
          handler: { catalog: 'transform', config: { expression: 'goal' } },
          inputs: { goal },
        },
      ],
      convergence: { exit_step: 'answer' },
    };
    return { text: JSON.stringify(fragment), stop_reason: 'end', model: null, usage: NO_USAGE };
  },
};

const plugin: Plugin = {
  name: '${name}',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: { type: 'object', additionalProperties: false },
  apply(_hooks, _options, { planners }) {
    planners.register('${name}', planner);
  },
};

export default plugin;
`,
    'conformance.test.ts': `import { test } from 'node:test';
import { plannerConformance } from 'weft/conformance';
import type { PlanRequest } from 'weft/plugin';
import { planner } from './plugin.ts';

const request: PlanRequest = {
  task_id: 'task',
  step_id: 'step',
  step_name: 'plan',
  attempt: 1,
  call: 1,
  model: null,
  goal: 'Reach it.',
  context: [{ reference: 'task.context', form: 'verbatim', size: 2, value: {} }],
  catalog: [{ name: 'transform', version: '1.0.0' }],
  constraints: {
    bounds: { max_fragment_steps: 10, max_fragment_depth: 5, max_fan_out: 10 },
    remaining: {},
    allowance: { tokens: 1_000_000, cost_usd: 10 },
    attempts: { current: 1, max: 3 },
    output_schema: null,
    egress: [],
    secrets: [],
  },
  feedback: [],
};

plannerConformance((name, run) => void test(name, run), async () => ({ planner, request }));
`,
  };
}
