import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { didYouMean } from '../schema/nearest.ts';
import { pointerOf } from '../schema/pointer.ts';
import type { StepGraph } from './graph.ts';
import type { ReviewedStep } from './review.ts';
import { knownTexts, type StepValue, type StepValues } from './values.ts';

/**
 * Checks what decides which steps exist: that decisions have something to choose, that what their configs name (where
 * the handler marks it with `x-weft-step-name`) can be chosen, and that converging steps wait for what may not exist.
 */
export function checkDecisions(graph: StepGraph, values: readonly StepValues[]): readonly Diagnostic[] {
  const gated = gatedSteps(graph);
  return graph.steps.flatMap((step, at) => [
    ...(step.type === 'decision' ? checkChoices(graph, at) : []),
    ...checkNames(graph, at, values[at]!.config),
    ...(step.type === 'deferred' ? checkDeferred(graph, at, gated) : checkConvergence(graph, at)),
  ]);
}

/** Steps that a decision, directly or through others, stands before. */
function gatedSteps({ steps, dependents }: StepGraph): ReadonlySet<number> {
  const gated = new Set(steps.flatMap((step, at) => (step.type === 'decision' ? dependents[at]! : [])));
  for (const at of gated) for (const dependent of dependents[at]!) gated.add(dependent);
  return gated;
}

/** What a decision may name: the steps that directly depend on it, deferred ones excepted. */
function choicesOf({ steps, dependents }: StepGraph, decision: number): readonly ReviewedStep[] {
  return dependents[decision]!.map((at) => steps[at]!).filter(({ type }) => type !== 'deferred');
}

function checkChoices(graph: StepGraph, at: number): Diagnostic[] {
  const { name, pointer } = graph.steps[at]!;
  if (name === undefined || choicesOf(graph, at).length > 0) return [];
  return [
    diagnose('decision_without_choices', {
      pointer,
      message: `decision "${name}" has no step to choose`,
      suggestion: `name "${name}" among the dependencies of each step it may choose`,
    }),
  ];
}

function checkNames(graph: StepGraph, at: number, config: StepValue | undefined): Diagnostic[] {
  const step = graph.steps[at]!;
  const marks = config?.marks;
  if (config === undefined || marks === undefined) return [];
  const written = [...knownTexts(config.compiled)].filter(({ path }) => marks.stepNameAt(path));
  const open = config.places.some(({ path }) => marks.stepNameAt(path));
  if (step.type !== 'decision') {
    return written.slice(0, 1).map(({ path, text }) =>
      diagnose('choice_unknown', {
        pointer: config.pointer + pointerOf(path),
        message: `step "${step.name}" names the step "${text}", but only decisions choose steps`,
        suggestion: `write "type: decision" for step "${step.name}"`,
      }),
    );
  }
  const choices = choicesOf(graph, at);
  const names = choices.flatMap(({ name }) => name ?? []);
  const chosen = new Set(written.map(({ text }) => text));
  const unknown = written.filter(({ text }) => !names.includes(text));
  const never =
    written.length === 0 || open ? [] : choices.filter(({ name }) => name !== undefined && !chosen.has(name));
  return [
    ...unknown.map(({ path, text }) =>
      diagnose('choice_unknown', {
        pointer: config.pointer + pointerOf(path),
        message: `decision "${step.name}" cannot choose "${text}": ${whyNot(graph, at, text)}`,
        expected: names,
        got: text,
        suggestion: suggestChoice(graph, at, text, names),
      }),
    ),
    ...never.map(({ name, pointer }) =>
      diagnose('choice_never_made', {
        pointer,
        message: `decision "${step.name}" never chooses "${name}", so the step never exists`,
        suggestion: `name "${name}" in a rule of "${step.name}", or remove the step`,
      }),
    ),
  ];
}

function whyNot({ steps, named }: StepGraph, decision: number, name: string): string {
  const at = named.get(name);
  if (at === undefined) return 'there is no such step';
  if (steps[at]!.type === 'deferred' && steps[at]!.dependencies.some((each) => each.name === steps[decision]!.name)) {
    return 'deferred steps are not chosen, they follow what was';
  }
  return 'it does not depend on the decision';
}

function suggestChoice({ steps, named }: StepGraph, decision: number, name: string, names: readonly string[]): string {
  const target = named.get(name);
  if (target === undefined) return didYouMean(name, names) ?? `it can choose: ${names.join(', ') || 'none'}`;
  return steps[target]!.type === 'deferred'
    ? `give "${name}" another type, or choose what it waits for`
    : `add "${steps[decision]!.name}" to the dependencies of "${name}"`;
}

function checkDeferred({ steps, dependencies }: StepGraph, at: number, gated: ReadonlySet<number>): Diagnostic[] {
  if (dependencies[at]!.some((dependency) => gated.has(dependency))) return [];
  const { name, pointer } = steps[at]!;
  return [
    diagnose('deferred_without_decision', {
      pointer: `${pointer}/type`,
      message: `deferred step "${name}" waits for nothing that a decision may leave out`,
      suggestion: 'write "type: standard", or depend on a step that a decision chooses',
    }),
  ];
}

/** A step that is not deferred exists only if all its dependencies do: two alternatives of one decision seldom will. */
function checkConvergence({ steps, dependencies }: StepGraph, at: number): Diagnostic[] {
  const alternatives = new Map<number, number>();
  for (const dependency of dependencies[at]!) {
    if (steps[dependency]!.type === 'deferred') continue;
    for (const decision of dependencies[dependency]!) {
      if (steps[decision]!.type !== 'decision') continue;
      const other = alternatives.get(decision);
      if (other === undefined) {
        alternatives.set(decision, dependency);
        continue;
      }
      const { name, pointer } = steps[at]!;
      const both = `"${steps[other]!.name}" and "${steps[dependency]!.name}"`;
      return [
        diagnose('convergence_not_deferred', {
          pointer,
          message: `step "${name}" exists only if "${steps[decision]!.name}" chooses both ${both}`,
          suggestion: `write "type: deferred" if "${name}" shall follow whichever was chosen`,
        }),
      ];
    }
  }
  return [];
}
