import { type Diagnostic, diagnose, hasErrors, shortened } from '../diagnostics.ts';
import type { Json } from '../json.ts';
import { graphOf } from '../template/graph.ts';
import { checkLimits } from '../validation/limits.ts';
import { type Reviewed, runStages } from '../validation/pipeline.ts';
import { readReview } from '../validation/read_review.ts';
import type { Review } from '../validation/review.ts';
import { checkCounts, type SchemaStage, schemaProblems } from '../validation/schema_stage.ts';
import { checkBounds, computeBounds } from './bounds.ts';
import { compileFragment } from './compile.ts';
import { checkConvergence, checkPaths, exitOf } from './convergence.ts';
import { FRAGMENT_LIMITS } from './limits.ts';
import { readFragmentText } from './read_text.ts';
import { FRAGMENT_SCHEMA } from './schema.ts';
import type { Fragment, FragmentContext, FragmentValidation, ValidateFragment, ValidFragment } from './types.ts';

/**
 * Runs every stage over a fragment and collects what each has against it, in one pass. What templates are held to,
 * fragments are held to by the same code; besides, each step must lead to the exit, the worst case must lie within all
 * bounds, and the exit must be certain to exist with an output as promised. Pure and total.
 */
export const validateFragment: ValidateFragment = (source, context) => {
  const { document, diagnostics: ofText } =
    source.kind === 'text' ? readFragmentText(source.text) : { document: source.document, diagnostics: [] };
  const bounded = document === undefined ? undefined : checkLimits(document, FRAGMENT_LIMITS.size_max);
  const diagnostics: Diagnostic[] = [...ofText, ...(bounded?.diagnostics ?? [])];
  if (bounded?.document === undefined) return refused(diagnostics);

  const read = readFragment(bounded.document, context);
  let bounds: ValidFragment['bounds'] | undefined;
  const { diagnostics: found, reviewed } = runStages(read, checkSchema(read, context), context, {
    graph: checkPaths,
    beforePolicy(reviewed) {
      const computed = computeBounds(reviewed);
      bounds = computed.bounds;
      return [
        ...checkShadows(reviewed),
        ...checkBounds(reviewed, computed, { bounds: context.bounds, remaining: context.remaining ?? {} }),
        ...checkConvergence(reviewed, context.output_schema),
      ];
    },
  });
  diagnostics.push(...found);
  if (reviewed === undefined || bounds === undefined || hasErrors(diagnostics)) return refused(diagnostics);

  const fragment = bounded.document as unknown as Fragment;
  const literals = reviewed.values.map(({ config }) => config?.literals ?? []);
  const steps = compileFragment(fragment, literals, context);
  const graph = localGraph(fragment, steps, context);
  return {
    ok: true,
    valid: { fragment, steps, exit: exitOf(reviewed)!, graph, bounds, warnings: shortened(diagnostics) },
  };
};

function refused(diagnostics: readonly Diagnostic[]): FragmentValidation {
  return { ok: false, diagnostics: shortened(diagnostics) };
}

/** What a fragment does not say itself is its template's and its planning step's. */
function readFragment(document: Json, context: FragmentContext): Review {
  const { template, planning_step: step, phase, allowed_handlers, around, grants } = context;
  return {
    ...readReview(document),
    name: template.name,
    namespace: template.namespace,
    input_schema: template.input_schema,
    catalog: allowed_handlers,
    egress: grants.egress,
    secrets: grants.secrets,
    plan: { step, phase, around: new Map(around.map((each) => [each.name, each])) },
  };
}

function checkSchema(review: Review, { compiler }: FragmentContext): SchemaStage {
  const tooMany = checkCounts(review, FRAGMENT_LIMITS.steps_max);
  if (tooMany.length > 0) return { diagnostics: tooMany, countable: false };
  const nested = review.steps.filter(({ type }) => type === 'planning');
  const refusals = nested.map(({ pointer }) =>
    diagnose('not_supported_yet', {
      pointer: `${pointer}/type`,
      message: 'a planning step inside a plan cannot be run by this version of Weft',
      expected: ['standard', 'decision', 'deferred', 'batchable', 'batch_worker'],
      got: 'planning',
      suggestion: 'plan its steps here, or leave it out',
    }),
  );
  const problems = schemaProblems(review.document, FRAGMENT_SCHEMA, compiler, nested);
  return { diagnostics: [...problems, ...refusals], countable: true };
}

/** A step that has a frame step's name hides it: allowed, and easily a mistake. */
function checkShadows({ review, graph }: Reviewed): readonly Diagnostic[] {
  return graph.steps.flatMap(({ name, pointer }) => {
    if (name === undefined || review.plan?.around.has(name) !== true) return [];
    const message = `in this fragment "${name}" is its own step, and no longer that of the frame`;
    const suggestion = 'give it another name if the step of the frame is to be referred to';
    return [diagnose('step_shadows_frame', { pointer: `${pointer}/name`, message, suggestion })];
  });
}

function localGraph(
  { steps: written }: Fragment,
  steps: ValidFragment['steps'],
  { planning_step, phase }: FragmentContext,
): ValidFragment['graph'] {
  const local = steps.map((step, at) => ({ ...step, definition: { ...step.definition, name: written[at]!.name } }));
  return { name: `${planning_step}/${phase}`, version: '1.0', ...graphOf(local) };
}
