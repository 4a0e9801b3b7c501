import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { findCycles, type StepGraph } from './graph.ts';
import type { Review, ReviewedStep } from './review.ts';
import { listed, type Suggestions } from './suggestions.ts';

/** Checks names and dependencies: every name once, every dependency a step, and no way round in a circle. */
export function checkGraph(graph: StepGraph, { plan }: Review, suggestions: Suggestions): readonly Diagnostic[] {
  const names = [...graph.named.keys()];
  const suggest = (name: string) =>
    plan?.around.has(name) === true
      ? `remove the dependency: "${name}" is over before this plan starts, and steps may refer to it`
      : (suggestions.didYouMean(name, names) ?? 'add the step, or remove the dependency');
  return [
    ...graph.steps.flatMap((step, at) => [...checkName(step, at, graph), ...checkDependencies(step, graph, suggest)]),
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

function checkDependencies(
  step: ReviewedStep,
  { named }: StepGraph,
  suggest: (name: string) => string,
): readonly Diagnostic[] {
  const seen = new Set<string>();
  return step.dependencies.flatMap(({ name, pointer }) => {
    const repeated = seen.has(name);
    seen.add(name);
    if (name === step.name) {
      const message = `step "${name}" depends on itself`;
      return [diagnose('dependency_self', { pointer, message, suggestion: 'remove the dependency' })];
    }
    if (!named.has(name)) {
      const message = `there is no step "${name}"`;
      return [diagnose('dependency_unknown', { pointer, message, got: name, suggestion: suggest(name) })];
    }
    if (!repeated) return [];
    const message = `"${name}" is already among the dependencies`;
    return [diagnose('dependency_duplicate', { pointer, message, suggestion: 'remove one of the two' })];
  });
}

function describeCycle(cycle: readonly number[], { steps }: StepGraph): Diagnostic {
  const first = steps[cycle[0]!]!;
  const last = steps[cycle.at(-1)!]!;
  const names = [...cycle, cycle[0]!].map((at) => steps[at]!.name!);
  const path =
    names.length <= 20 ? names : [...names.slice(0, 10), `… ${names.length - 20} more …`, ...names.slice(-10)];
  const closing = last.dependencies.find(({ name }) => name === first.name)!;
  return diagnose('dependency_cycle', {
    pointer: closing.pointer,
    message: `these steps wait for each other: ${path.join(' → ')}`,
    got: listed(names),
    suggestion: 'remove one of these dependencies',
  });
}
