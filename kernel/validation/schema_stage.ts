import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import { isAtOrBelow } from '../schema/pointer.ts';
import type { SchemaProblem } from '../schema/problem.ts';
import { isObject } from '../schema/walk.ts';
import { TEMPLATE_SCHEMA } from '../template/schema.ts';
import { TEMPLATE_LIMITS } from './limits.ts';
import { checkPlanningKeys } from './planning.ts';
import type { Review, ReviewedStep } from './review.ts';

/** What the schema stage found; `countable` is false when there is too much for the later stages. */
export interface SchemaStage {
  readonly diagnostics: readonly Diagnostic[];
  readonly countable: boolean;
}

/** Holds a template against its schema, counts it, and names what a later version of Weft will do. `planners` are those there are. */
export function checkSchema(
  review: Review,
  compiler: SchemaCompiler,
  stepsMax: number,
  planners?: readonly string[],
): SchemaStage {
  const { document } = review;
  const tooMany = checkCounts(review, stepsMax);
  if (tooMany.length > 0) return { diagnostics: tooMany, countable: false };
  return {
    diagnostics: [
      ...schemaProblems(document, TEMPLATE_SCHEMA, compiler, []),
      ...checkPlanningKeys(review, compiler, planners),
      ...checkBudget(review),
      ...checkInputSchema(review, compiler),
    ],
    countable: true,
  };
}

/** What a document's own schema has against it, but for steps that something else refuses. */
export function schemaProblems(
  document: Json,
  schema: JsonObject,
  compiler: SchemaCompiler,
  refused: readonly ReviewedStep[],
): readonly Diagnostic[] {
  const compiled = compiler.compile(schema);
  if (!compiled.ok) throw new Error(`the schema does not compile: ${JSON.stringify(compiled.problems)}`);
  return compiled
    .check(document)
    .filter(({ pointer }) => !refused.some((step) => isAtOrBelow(pointer, step.pointer)))
    .map((problem) => diagnose(codeOf(problem), problem));
}

function codeOf({ keyword }: SchemaProblem): DiagnosticCode {
  if (keyword === 'additionalProperties') return 'key_unknown';
  return keyword === 'required' ? 'key_missing' : 'value_invalid';
}

/** Counts steps and edges before anything is built from them. */
export function checkCounts({ steps, plan }: Pick<Review, 'steps' | 'plan'>, stepsMax: number): readonly Diagnostic[] {
  const { dependencies_max } = TEMPLATE_LIMITS;
  const dependencies = steps.reduce((sum, step) => sum + step.dependencies.length, 0);
  const found: Diagnostic[] = [];
  const kind = plan === undefined ? 'template' : 'fragment';
  if (steps.length > stepsMax) {
    const message = `the ${kind} has ${steps.length} steps; at most ${stepsMax} are allowed`;
    found.push(diagnose('too_many_steps', { pointer: '/steps', message, expected: stepsMax, got: steps.length }));
  }
  if (dependencies > dependencies_max) {
    const message = `the steps have ${dependencies} dependencies; at most ${dependencies_max} are allowed`;
    const counts = { expected: dependencies_max, got: dependencies };
    found.push(diagnose('too_many_dependencies', { pointer: '/steps', message, ...counts }));
  }
  return found;
}

/** A budget that the frame alone goes beyond, and what of it nobody counts. */
function checkBudget({ document, steps }: Review): Diagnostic[] {
  if (typeof document !== 'object' || document === null || !('budget' in document)) return [];
  const { budget } = document;
  if (!isObject(budget)) return [];
  const { max_total_steps: most } = budget;
  if (typeof most === 'number' && steps.length > most) {
    const message = `the frame alone has ${steps.length} steps`;
    const suggestion = 'allow more, and some for the plans';
    const pointer = '/budget/max_total_steps';
    return [diagnose('budget_exceeded', { pointer, message, expected: steps.length, got: most, suggestion })];
  }
  if (!Object.hasOwn(budget, 'max_host_calls')) return [];
  const message = 'max_host_calls is kept with the template, but this version of Weft does not enforce it';
  return [diagnose('not_enforced_yet', { pointer: '/budget/max_host_calls', message })];
}

function checkInputSchema({ input_schema }: Review, compiler: SchemaCompiler): Diagnostic[] {
  const compiled = input_schema === undefined ? undefined : compiler.compile(input_schema);
  if (compiled === undefined || compiled.ok) return [];
  return compiled.problems.map((problem) =>
    diagnose('input_schema_unusable', { ...problem, pointer: `/input_schema${problem.pointer}` }),
  );
}
