/** What a budget counts. Each is a number that only grows. */
export const BUDGET_DIMENSIONS = [
  'planning_phases',
  'steps',
  'llm_calls',
  'tokens',
  'host_calls',
  'wall_clock_ms',
  'cost_usd',
] as const;

export type BudgetDimension = (typeof BUDGET_DIMENSIONS)[number];

/** Some of each dimension; what is absent is nothing of it, or, of a limit, no limit. */
export type Amounts = { readonly [D in BudgetDimension]?: number };
