import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { WeftError } from '../errors.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { SyncHookName } from '../hooks/table.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import { pointerOf } from '../schema/pointer.ts';
import { checkBatches } from './batches.ts';
import { checkConfiguration } from './configuration_stage.ts';
import { checkDecisions } from './decisions.ts';
import { buildGraph, type StepGraph } from './graph.ts';
import { checkGraph } from './graph_stage.ts';
import { checkHandlers, type HandlerCatalog } from './handlers_stage.ts';
import { checkReferences } from './references_stage.ts';
import type { Finding, Review } from './review.ts';
import type { SchemaStage } from './schema_stage.ts';
import { Suggestions } from './suggestions.ts';
import { type StepValues, stepValues } from './values.ts';

/** What validating a document of steps needs. The same environment gives the same answer to the same document. */
export interface ValidationEnvironment extends HandlerCatalog {
  readonly compiler: SchemaCompiler;
  /** Whose taps see each stage; none when absent. */
  readonly hooks?: Pick<Hooks, 'call' | 'calling'>;
}

/** What the stages made of a document. */
export interface Reviewed {
  readonly review: Review;
  readonly graph: StepGraph;
  readonly values: readonly StepValues[];
}

/** What a kind of document adds to the stages that all kinds share. */
export interface OwnStages {
  /** Of the graph, as orphans of a fragment. */
  graph?(reviewed: Reviewed): readonly Diagnostic[];
  /** Between references and policy. */
  beforePolicy?(reviewed: Reviewed): readonly Diagnostic[];
}

/** A stage's hook. */
type StageHook = Extract<SyncHookName, `validate${string}`>;

/**
 * Runs the stages from `schema` on over what could be read, and collects what each has against it: a later stage still
 * looks at all that an earlier one could read. `reviewed` is absent when there is too much to be looked at.
 */
export function runStages(
  read: Review,
  schema: SchemaStage,
  env: ValidationEnvironment,
  own: OwnStages = {},
): { readonly diagnostics: readonly Diagnostic[]; readonly reviewed?: Reviewed } {
  const diagnostics: Diagnostic[] = [];
  const finish = (hook: StageHook, review: Review, found: readonly Diagnostic[]) =>
    diagnostics.push(...found, ...tapped(hook, review, env.hooks));

  finish('validateSchema', read, schema.diagnostics);
  if (!schema.countable) return { diagnostics };

  const suggestions = new Suggestions();
  const handlers = checkHandlers(read, env, suggestions);
  finish('validateHandlers', handlers.review, handlers.diagnostics);

  const values = handlers.review.steps.map(stepValues);
  finish('validateConfiguration', handlers.review, checkConfiguration(handlers.review, values, env.compiler));

  const graph = buildGraph(handlers.review.steps);
  finish('validateGraph', handlers.review, [
    ...checkGraph(graph, read, suggestions),
    ...checkDecisions(graph, values, suggestions),
    ...checkBatches(graph, read),
    ...(own.graph?.({ review: handlers.review, graph, values }) ?? []),
  ]);

  const reviewed: Reviewed = { review: withReferences(handlers.review, values), graph, values };
  finish('validateReferences', reviewed.review, checkReferences(reviewed.review, graph, values, suggestions));
  diagnostics.push(...(own.beforePolicy?.(reviewed) ?? []));
  finish('validatePolicy', reviewed.review, []);
  return { diagnostics, reviewed };
}

function withReferences(review: Review, values: readonly StepValues[]): Review {
  const steps = review.steps.map((step, at) => {
    const { config, inputs } = values[at]!;
    const references = [config, inputs].flatMap((value) =>
      (value?.places ?? []).flatMap((place) =>
        place.references.map((reference) => ({ pointer: value!.pointer + pointerOf(place.path), reference })),
      ),
    );
    return { ...step, references };
  });
  return { ...review, steps };
}

/** What plugins have to say about a stage; one that fails refuses the document, since its rules are not known. */
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
export function pluginFailure(error: unknown): Diagnostic {
  if (!(error instanceof WeftError) || error.code !== 'plugin_failed') throw error;
  const suggestion = 'tell the operator of this Weft: its plugin is at fault, not what was checked';
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
