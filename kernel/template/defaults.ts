import type { JsonObject } from '../json.ts';
import { PLANNING_DEFAULTS, planningOf } from './planning.ts';
import type { HandlerReference, RetryPolicy, StepDefinition, Template } from './types.ts';

/** What a template means where it says nothing. */
export const TEMPLATE_DEFAULTS = {
  namespace: 'default',
  version: '1.0.0',
  description: '',
  egress: [],
  secrets: [],
} as const satisfies Partial<Template>;

export const RETRY_DEFAULTS: RetryPolicy = {
  max_attempts: 3,
  backoff: 'exponential',
  base_ms: 1_000,
  max_ms: 60_000,
  jitter: 0.5,
};

export const STEP_DEFAULTS = {
  type: 'standard',
  dependencies: [],
  timeout_ms: 30_000,
  on_failure: 'block',
} as const satisfies Partial<StepDefinition>;

/**
 * Fills in the defaults of a document that met the template's schema. `literals` are the pointers into each step's
 * config that are not interpolated.
 */
export function withDefaults(document: JsonObject, literals: readonly (readonly string[])[]): Template {
  const template = document as unknown as Omit<Template, 'steps'> & { readonly steps: readonly AuthoredStep[] };
  return {
    ...TEMPLATE_DEFAULTS,
    ...template,
    steps: template.steps.map((step, index) => stepWithDefaults(step, literals[index] ?? [])),
  };
}

/** Fills in the defaults of one step; `literals` are the pointers into its config that are not interpolated. */
export function stepWithDefaults(step: AuthoredStep, literals: readonly string[]): StepDefinition {
  if (step.type === 'planning') return planningStep(step);
  return {
    ...STEP_DEFAULTS,
    ...step,
    handler: handlerOf(step, literals),
    retry: { ...RETRY_DEFAULTS, ...step.retry },
  };
}

/** A planning step's goal stands as a config, so that its references are found and filled in like any. */
function planningStep(step: AuthoredStep): StepDefinition {
  const { planner, goal } = planningOf(step as StepDefinition);
  return {
    ...STEP_DEFAULTS,
    ...PLANNING_DEFAULTS,
    ...step,
    timeout_ms: step.timeout_ms ?? PLANNING_TIMEOUT_MS,
    handler: { catalog: planner, config: { goal } },
    retry: { ...RETRY_DEFAULTS, ...step.retry },
    bounds: { ...PLANNING_DEFAULTS.bounds, ...step.bounds },
  };
}

/** A model takes longer than a handler. */
const PLANNING_TIMEOUT_MS = 300_000;

/** A step as it is written: what has a default may be absent. */
export type AuthoredStep = Omit<StepDefinition, 'handler' | 'retry' | keyof typeof STEP_DEFAULTS> & {
  readonly handler: { readonly catalog: string; readonly config?: JsonObject };
  readonly retry?: Partial<RetryPolicy>;
} & Partial<Pick<StepDefinition, keyof typeof STEP_DEFAULTS>>;

function handlerOf({ handler }: AuthoredStep, literals: readonly string[]): HandlerReference {
  return { catalog: handler.catalog, config: handler.config ?? {}, ...(literals.length === 0 ? {} : { literals }) };
}
