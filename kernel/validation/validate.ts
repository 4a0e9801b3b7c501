import { type Diagnostic, hasErrors, shortened } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import { type BoundedDocument, checkLimits, TEMPLATE_LIMITS } from './limits.ts';
import { pluginFailure, runStages, type ValidationEnvironment } from './pipeline.ts';
import { checkPlanningGraph } from './planning.ts';
import { readReview } from './read_review.ts';
import { checkSchema } from './schema_stage.ts';

/** What validating a template needs. */
export interface TemplateEnvironment extends ValidationEnvironment {
  /** 10,000 when absent. */
  readonly stepsMax?: number;
  /** Names of the planners there are; any will do when absent. */
  readonly planners?: readonly string[];
}

/** What validation came to. */
export interface Validation {
  readonly diagnostics: readonly Diagnostic[];
  /** Absent when there are errors. */
  readonly valid?: {
    readonly document: JsonObject;
    /** For each step, pointers into its config that are not interpolated though they hold a `${`. */
    readonly literals: readonly (readonly string[])[];
  };
}

/** Runs every stage over a template. Pure and total: any JSON gets an answer, and nothing is thrown for what is in it. */
export function validateTemplate(given: Json, env: TemplateEnvironment): Validation {
  const bounded = load(given, env.hooks);
  if (bounded.document === undefined) return { diagnostics: shortened(bounded.diagnostics) };
  const read = readReview(bounded.document);
  const schema = checkSchema(read, env.compiler, env.stepsMax ?? TEMPLATE_LIMITS.steps_max, env.planners);
  const { diagnostics: found, reviewed } = runStages(read, schema, env, { graph: checkPlanningGraph });
  const diagnostics = [...bounded.diagnostics, ...found];
  if (reviewed === undefined || hasErrors(diagnostics)) return { diagnostics: shortened(diagnostics) };
  const literals = reviewed.values.map(({ config }) => config?.literals ?? []);
  return { diagnostics: shortened(diagnostics), valid: { document: bounded.document as JsonObject, literals } };
}

/** Bounds a document, and again what plugins made of it. */
function load(given: Json, hooks: ValidationEnvironment['hooks']): BoundedDocument {
  const bounded = checkLimits(given);
  if (bounded.document === undefined || hooks === undefined) return bounded;
  try {
    const loaded = hooks.call('templateLoad', bounded.document);
    if (loaded === bounded.document) return bounded;
    const again = checkLimits(loaded);
    return { ...again, diagnostics: [...bounded.diagnostics, ...again.diagnostics] };
  } catch (error) {
    return { diagnostics: [...bounded.diagnostics, pluginFailure(error)] };
  }
}
