import type { Json, JsonObject, Review, ReviewedStep } from '../../../kernel/index.ts';

/** What a step can cost at the most. */
export interface StepCost {
  readonly step: ReviewedStep;
  /** How often it may run: as one step, or as a worker for each item. */
  readonly instances: number;
  readonly attempts: number;
  /** US dollars: all instances and attempts, by what the handler says a call costs. */
  readonly cost_usd: number;
}

/**
 * What the steps of a template or fragment can cost at the most; steps whose handler is not known cost nothing here.
 * `attempts` is what a step has without a retry policy, `items` how many a fan-out gives that does not say.
 */
export function worstCase(
  review: Review,
  defaults: { readonly attempts: number; readonly items: number },
): readonly StepCost[] {
  const byName = new Map(review.steps.map((step) => [step.name, step]));
  return review.steps.map((step) => {
    const fanOut = step.dependencies.map(({ name }) => byName.get(name)).find((each) => each?.type === 'batchable');
    const instances = step.type === 'batch_worker' ? (fanOut?.max_items ?? defaults.items) : 1;
    const attempts = attemptsOf(review.document, step.index) ?? defaults.attempts;
    const perCall = step.entry?.capability.resources?.costPerCallUsd ?? 0;
    return { step, instances, attempts, cost_usd: instances * attempts * perCall };
  });
}

function attemptsOf(document: Json, index: number): number | undefined {
  const steps = at(document, 'steps');
  const step = Array.isArray(steps) ? (steps[index] as Json) : undefined;
  const attempts = at(at(step, 'retry'), 'max_attempts');
  return typeof attempts === 'number' && attempts > 0 ? attempts : undefined;
}

function at(value: Json | undefined, key: string): Json | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}
