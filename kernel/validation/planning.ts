import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import { didYouMean } from '../schema/nearest.ts';
import { pointerToken } from '../schema/pointer.ts';
import { isObject } from '../schema/walk.ts';
import { PLANNING_KEYS } from '../template/planning.ts';
import { ancestry } from './graph.ts';
import type { Reviewed } from './pipeline.ts';
import type { Review, ReviewedStep } from './review.ts';

/** Keys that a planning step has no use for: its planner is not a handler. */
const HANDLER_KEYS = ['handler', 'inputs', 'limits', 'max_items'] as const;

/**
 * Holds the keys of each step against its type: a planning step has a planner and a goal, any other a handler. Also
 * whether the planners are there, when it is known which are.
 */
export function checkPlanningKeys(
  { document, steps }: Review,
  compiler: SchemaCompiler,
  planners: readonly string[] | undefined,
): readonly Diagnostic[] {
  return steps.flatMap((step) => {
    const written = writtenStep(document, step);
    if (step.type !== 'planning')
      return [...misplaced(step, written, PLANNING_KEYS), ...missing(step, written, ['handler'])];
    return [
      ...misplaced(step, written, HANDLER_KEYS),
      ...missing(step, written, ['planner', 'goal']),
      ...checkPlanners(step, written, planners),
      ...checkOutputSchema(step, written, compiler),
    ];
  });
}

/** Checks what a planning step says of the steps around it: where its plan leads, and whose results it shows. */
export function checkPlanningGraph({ review, graph }: Reviewed): readonly Diagnostic[] {
  const isBefore = ancestry(graph);
  return graph.steps.flatMap((step, at) => {
    if (step.type !== 'planning') return [];
    const { convergence_target: target, context_from: sources } = writtenStep(review.document, step);
    const found: Diagnostic[] = [];
    const follows = graph.dependents[at]!.map((index) => graph.steps[index]!.name!);
    if (typeof target === 'string' && !follows.includes(target)) {
      found.push(
        diagnose('convergence_target_invalid', {
          pointer: `${step.pointer}/convergence_target`,
          message: `"${target}" does not depend on "${step.name}", so the plan cannot lead to it`,
          expected: follows,
          got: target,
          suggestion: didYouMean(target, follows) ?? `name "${step.name}" among the dependencies of "${target}"`,
        }),
      );
    }
    for (const [index, name] of (Array.isArray(sources) ? sources : []).entries()) {
      const source = typeof name === 'string' ? graph.named.get(name) : undefined;
      if (typeof name !== 'string' || (source !== undefined && isBefore(source, at) !== false)) continue;
      const before = graph.steps.filter((_, other) => isBefore(other, at) === true).map((each) => each.name!);
      found.push(
        diagnose('context_source_invalid', {
          pointer: `${step.pointer}/context_from/${index}`,
          message: `"${name}" is no step that is over before "${step.name}" starts`,
          expected: before,
          got: name,
          suggestion: didYouMean(name, before) ?? `add "${name}" to the dependencies of "${step.name}"`,
        }),
      );
    }
    return found;
  });
}

function writtenStep(document: Json, { index }: ReviewedStep): JsonObject {
  const steps = isObject(document) ? document['steps'] : undefined;
  const step = Array.isArray(steps) ? (steps[index] as Json) : undefined;
  return isObject(step) ? step : {};
}

function misplaced(step: ReviewedStep, written: JsonObject, keys: readonly string[]): Diagnostic[] {
  return keys
    .filter((key) => Object.hasOwn(written, key))
    .map((key) => {
      const isPlanning = step.type === 'planning';
      return diagnose('key_misplaced', {
        pointer: `${step.pointer}/${pointerToken(key)}`,
        message: isPlanning ? `a planning step has no "${key}"` : `only planning steps have "${key}"`,
        suggestion: isPlanning ? 'remove it: the planner is what runs' : 'remove it, or write "type: planning"',
      });
    });
}

function missing(step: ReviewedStep, written: JsonObject, keys: readonly string[]): Diagnostic[] {
  return keys
    .filter((key) => !Object.hasOwn(written, key))
    .map((key) =>
      diagnose('key_missing', { pointer: step.pointer, message: `is missing the key "${key}"`, expected: key }),
    );
}

function checkPlanners(
  step: ReviewedStep,
  { planner, fallback }: JsonObject,
  planners: readonly string[] | undefined,
): Diagnostic[] {
  if (planners === undefined) return [];
  const named = [
    { name: planner, pointer: `${step.pointer}/planner` },
    ...(Array.isArray(fallback) ? fallback : []).map((name: Json, index: number) => ({
      name,
      pointer: `${step.pointer}/fallback/${index}`,
    })),
  ];
  return named.flatMap(({ name, pointer }) => {
    if (typeof name !== 'string' || planners.includes(name)) return [];
    const message = `no plugin provides a planner "${name}"`;
    const suggestion = didYouMean(name, planners) ?? 'load a plugin that provides it, or name another';
    return [diagnose('planner_unknown', { pointer, message, expected: [...planners], got: name, suggestion })];
  });
}

function checkOutputSchema(
  step: ReviewedStep,
  { output_schema }: JsonObject,
  compiler: SchemaCompiler,
): readonly Diagnostic[] {
  const compiled = isObject(output_schema) ? compiler.compile(output_schema) : undefined;
  if (compiled === undefined || compiled.ok) return [];
  return compiled.problems.map((problem) =>
    diagnose('output_schema_unusable', { ...problem, pointer: `${step.pointer}/output_schema${problem.pointer}` }),
  );
}
