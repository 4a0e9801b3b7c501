import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { didYouMean } from '../schema/nearest.ts';
import { findCycles, type StepGraph } from './graph.ts';
import type { ReviewedStep } from './review.ts';

/** Checks names and dependencies: every name once, every dependency a step, and no way round in a circle. */
export function checkGraph(graph: StepGraph): readonly Diagnostic[] {
  const names = [...graph.named.keys()];
  return [
    ...graph.steps.flatMap((step, at) => [
      ...checkName(step, at, graph),
      ...step.dependencies.flatMap((dependency, nth) => checkDependency(step, dependency, nth, graph, names)),
    ]),
    ...findCycles(graph).map((cycle) => describeCycle(cycle, graph)),
  ];
}

function checkName({ name, pointer }: ReviewedStep, at: number, { named, steps }: StepGraph): Diagnostic[] {
  const first = name === undefined ? at : named.get(name)!;
  if (first === at) return [];
  const message = `step "${name}" is already at ${steps[first]!.pointer}`;
  return [
    diagnose('step_duplicate', {
      pointer: `${pointer}/name`,
      message,
      got: name!,
      suggestion: 'rename one of the two',
    }),
  ];
}

function checkDependency(
  step: ReviewedStep,
  { name, pointer }: ReviewedStep['dependencies'][number],
  nth: number,
  { named }: StepGraph,
  names: readonly string[],
): Diagnostic[] {
  if (name === step.name) {
    const message = `step "${name}" depends on itself`;
    return [diagnose('dependency_self', { pointer, message, suggestion: 'remove the dependency' })];
  }
  if (!named.has(name)) {
    const suggestion = didYouMean(name, names) ?? 'add the step, or remove the dependency';
    return [diagnose('dependency_unknown', { pointer, message: `there is no step "${name}"`, got: name, suggestion })];
  }
  if (step.dependencies.findIndex((other) => other.name === name) < nth) {
    const message = `"${name}" is already among the dependencies`;
    return [diagnose('dependency_duplicate', { pointer, message, suggestion: 'remove one of the two' })];
  }
  return [];
}

function describeCycle(cycle: readonly number[], { steps }: StepGraph): Diagnostic {
  const first = steps[cycle[0]!]!;
  const last = steps[cycle.at(-1)!]!;
  const names = [...cycle, cycle[0]!].map((at) => steps[at]!.name!);
  const closing = last.dependencies.find(({ name }) => name === first.name)!;
  return diagnose('dependency_cycle', {
    pointer: closing.pointer,
    message: `these steps wait for each other: ${names.join(' → ')}`,
    got: names,
    suggestion: 'remove one of these dependencies',
  });
}
