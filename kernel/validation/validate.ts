import { type Diagnostic, diagnose, hasErrors, shortened } from '../diagnostics.ts';
import { WeftError } from '../errors.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { SyncHookName } from '../hooks/table.ts';
import type { Json, JsonObject } from '../json.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import { pointerOf } from '../schema/pointer.ts';
import { checkBatches } from './batches.ts';
import { checkConfiguration } from './configuration_stage.ts';
import { checkDecisions } from './decisions.ts';
import { buildGraph } from './graph.ts';
import { checkGraph } from './graph_stage.ts';
import { checkHandlers, type HandlerCatalog } from './handlers_stage.ts';
import { type BoundedDocument, checkLimits, TEMPLATE_LIMITS } from './limits.ts';
import { readReview } from './read_review.ts';
import { checkReferences } from './references_stage.ts';
import type { Finding, Review } from './review.ts';
import { checkSchema } from './schema_stage.ts';
import { Suggestions } from './suggestions.ts';
import { stepValues } from './values.ts';

/** What validating a template needs. The same environment gives the same answer to the same document. */
export interface ValidationEnvironment extends HandlerCatalog {
  readonly compiler: SchemaCompiler;
  /** Whose taps see each stage; none when absent. */
  readonly hooks?: Pick<Hooks, 'call' | 'calling'>;
  /** 10,000 when absent. */
  readonly stepsMax?: number;
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

/** A stage's hook. */
type StageHook = Extract<SyncHookName, `validate${string}`>;

/**
 * Runs every stage over a document and collects what each has against it: a later stage still looks at all that an
 * earlier one could read. Pure and total: any JSON gets an answer, and no error is thrown for what is in it.
 */
export function validateTemplate(given: Json, env: ValidationEnvironment): Validation {
  const bounded = load(given, env.hooks);
  if (bounded.document === undefined) return { diagnostics: shortened(bounded.diagnostics) };
  const diagnostics: Diagnostic[] = [...bounded.diagnostics];
  const finish = (hook: StageHook, review: Review, found: readonly Diagnostic[]) =>
    diagnostics.push(...found, ...tapped(hook, review, env.hooks));

  const read = readReview(bounded.document);
  const schema = checkSchema(read, env.compiler, env.stepsMax ?? TEMPLATE_LIMITS.steps_max);
  finish('validateSchema', read, schema.diagnostics);
  if (!schema.countable) return { diagnostics: shortened(diagnostics) };

  const suggestions = new Suggestions();
  const handlers = checkHandlers(read, env, suggestions);
  finish('validateHandlers', handlers.review, handlers.diagnostics);

  const values = handlers.review.steps.map(stepValues);
  finish('validateConfiguration', handlers.review, checkConfiguration(handlers.review, values, env.compiler));

  const graph = buildGraph(handlers.review.steps);
  finish('validateGraph', handlers.review, [
    ...checkGraph(graph, suggestions),
    ...checkDecisions(graph, values, suggestions),
    ...checkBatches(graph),
  ]);

  const review: Review = {
    ...handlers.review,
    steps: handlers.review.steps.map((step, at) => {
      const { config, inputs } = values[at]!;
      const references = [config, inputs].flatMap((value) =>
        (value?.places ?? []).flatMap((place) =>
          place.references.map((reference) => ({ pointer: value!.pointer + pointerOf(place.path), reference })),
        ),
      );
      return { ...step, references };
    }),
  };
  finish('validateReferences', review, checkReferences(review, graph, values, suggestions));
  finish('validatePolicy', review, []);

  if (hasErrors(diagnostics)) return { diagnostics: shortened(diagnostics) };
  const literals = values.map(({ config }) => config?.literals ?? []);
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

/** What plugins have to say about a stage; one that fails refuses the template, since its rules are not known. */
function tapped(hook: StageHook, review: Review, hooks: ValidationEnvironment['hooks']): readonly Diagnostic[] {
  if (hooks === undefined) return [];
  const found: Diagnostic[] = [];
  try {
    hooks.call(hook, review, ({ code, severity = 'error', ...problem }: Finding) => {
      found.push({ code: `${hooks.calling()}/${code}`, severity, stage: STAGE_OF[hook], ...problem });
    });
  } catch (error) {
    found.push(pluginFailure(error));
  }
  return found;
}

/** @throws what is no failure of a plugin */
function pluginFailure(error: unknown): Diagnostic {
  if (!(error instanceof WeftError) || error.code !== 'plugin_failed') throw error;
  const suggestion = 'tell the operator of this Weft: its plugin is at fault, not the template';
  return diagnose('plugin_failed', { pointer: '', message: error.message, suggestion });
}

const STAGE_OF: Record<StageHook, Diagnostic['stage']> = {
  validateSchema: 'schema',
  validateHandlers: 'handlers',
  validateConfiguration: 'configuration',
  validateGraph: 'graph',
  validateReferences: 'references',
  validatePolicy: 'policy',
};
