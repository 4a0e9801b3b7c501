import type { Json, JsonObject } from '../../kernel/json.ts';
import { FRAGMENT_FORM, SUBMIT } from '../../planner-plugins/planners/llm/tools.ts';
import { type Reply, toolCall } from './reply.ts';

/** A plan of one step that makes a value; valid wherever `transform` is. */
export const VALID_PLAN = {
  fragment_version: '1.0',
  planning_context: { goal: 'Make a value.', reasoning: 'One step is enough.' },
  steps: [
    {
      name: 'make',
      reasoning: 'Makes it.',
      handler: { catalog: 'transform', config: { expression: '{"done": true}' } },
      inputs: {},
    },
  ],
  convergence: { exit_step: 'make' },
} satisfies JsonObject;

const [MAKE] = VALID_PLAN.steps;
const withSteps = (...steps: readonly JsonObject[]): JsonObject => ({ ...VALID_PLAN, steps });

/** The valid plan with one fault each, by the stage that finds it. */
export const INVALID_PLANS = {
  schema: { ...VALID_PLAN, fragment_version: '2.0' },
  handlers: withSteps({ ...MAKE, handler: { catalog: 'transfrom', config: { expression: '1' } } }),
  configuration: withSteps({ ...MAKE, handler: { catalog: 'transform', config: { expresion: '1' } } }),
  graph: withSteps({ ...MAKE, dependencies: ['make'] }),
  references: withSteps({ ...MAKE, inputs: { value: '${steps.nowhere.result}' } }),
  convergence: { ...VALID_PLAN, convergence: { exit_step: 'nowhere' } },
} satisfies Record<string, JsonObject>;

/** A model that submits a plan as it was told to. */
export function submits(plan: Json): Reply {
  return toolCall(SUBMIT, FRAGMENT_FORM.lower(plan));
}
