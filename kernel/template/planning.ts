import type { PlanningFields, StepDefinition } from './types.ts';

/** What a planning step means where it says nothing. */
export const PLANNING_DEFAULTS = {
  fallback: [],
  context_strategy: 'summarized',
  bounds: { max_fragment_steps: 20, max_fragment_depth: 10, max_fan_out: 100 },
  max_attempts: 3,
  plan_approval: 'never',
} as const satisfies Partial<PlanningFields>;

/** The keys that only planning steps have. */
export const PLANNING_KEYS = [
  'planner',
  'fallback',
  'goal',
  'context_from',
  'context_strategy',
  'catalog',
  'convergence_target',
  'output_schema',
  'bounds',
  'max_attempts',
  'plan_approval',
  'model',
] as const satisfies readonly (keyof PlanningFields)[];

/** The fields of a planning step, defaults filled in. */
export function planningOf(definition: StepDefinition): PlanningFields {
  const fields = definition as StepDefinition & Pick<PlanningFields, 'planner' | 'goal'>;
  return { ...PLANNING_DEFAULTS, ...fields, bounds: { ...PLANNING_DEFAULTS.bounds, ...fields.bounds } };
}
