import type { JsonObject } from '../json.ts';
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
  return {
    ...STEP_DEFAULTS,
    ...step,
    handler: handlerOf(step, literals),
    retry: { ...RETRY_DEFAULTS, ...step.retry },
  };
}

/** A step as it is written: what has a default may be absent. */
export type AuthoredStep = Omit<StepDefinition, 'handler' | 'retry' | keyof typeof STEP_DEFAULTS> & {
  readonly handler: { readonly catalog: string; readonly config?: JsonObject };
  readonly retry?: Partial<RetryPolicy>;
} & Partial<Pick<StepDefinition, keyof typeof STEP_DEFAULTS>>;

function handlerOf({ handler }: AuthoredStep, literals: readonly string[]): HandlerReference {
  return { catalog: handler.catalog, config: handler.config ?? {}, ...(literals.length === 0 ? {} : { literals }) };
}
