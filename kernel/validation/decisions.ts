import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { pointerOf } from '../schema/pointer.ts';
import type { StepGraph } from './graph.ts';
import type { ReviewedStep } from './review.ts';
import { listed, type Suggestions } from './suggestions.ts';
import { knownTexts, type StepValue, type StepValues } from './values.ts';

/**
 * Checks what decides which steps exist: that decisions have something to choose, that what their configs name (where
 * the handler marks it with `x-weft-step-name`) can be chosen, and that converging steps wait for what may not exist.
 */
export function checkDecisions(
  graph: StepGraph,
  values: readonly StepValues[],
  suggestions: Suggestions,
): readonly Diagnostic[] {
  const gated = gatedSteps(graph);
  return graph.steps.flatMap((step, at) => [
    ...(step.type === 'decision' ? checkChoices(graph, at) : []),
    ...checkNames(graph, at, values[at]!.config, suggestions),
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

function checkNames(
  graph: StepGraph,
  at: number,
  config: StepValue | undefined,
  suggestions: Suggestions,
): readonly Diagnostic[] {
  const step = graph.steps[at]!;
  const marks = config?.marks;
  if (config === undefined || marks === undefined) return [];
  const written = [...knownTexts(config.compiled)].filter(({ path }) => marks.stepNameAt(path));
  if (step.type !== 'decision') {
    return written.slice(0, 1).map(({ path, text }) =>
      diagnose('choice_unknown', {
        pointer: config.pointer + pointerOf(path),
        message: `step "${step.name}" names the step "${text}", but only decisions choose steps`,
        suggestion: `write "type: decision" for step "${step.name}"`,
      }),
    );
  }
  const choices = new Map(choicesOf(graph, at).flatMap((choice) => (choice.name ? [[choice.name, choice]] : [])));
  const names = [...choices.keys()];
  const unknown = written.filter(({ text }) => !choices.has(text));
  for (const { text } of written) choices.delete(text);
  const isOpen = written.length === 0 || config.places.some(({ path }) => marks.stepNameAt(path));
  return [
    ...unknown.map(({ path, text }) => {
      const { why, suggestion } = whyNot(graph, at, text);
      return diagnose('choice_unknown', {
        pointer: config.pointer + pointerOf(path),
        message: `decision "${step.name}" cannot choose "${text}": ${why}`,
        expected: listed(names),
        got: text,
        suggestion:
          suggestion ?? suggestions.didYouMean(text, names) ?? `it can choose: ${listed(names).join(', ') || 'none'}`,
      });
    }),
    ...(isOpen ? [] : Array.from(choices.values(), (choice) => neverMade(step, choice))),
  ];
}

function neverMade(decision: ReviewedStep, { name, pointer }: ReviewedStep): Diagnostic {
  return diagnose('choice_never_made', {
    pointer,
    message: `decision "${decision.name}" never chooses "${name}", so the step never exists`,
    suggestion: `name "${name}" in a rule of "${decision.name}", or remove the step`,
  });
}

function whyNot({ steps, named, dependencies }: StepGraph, decision: number, name: string) {
  const at = named.get(name);
  if (at === undefined) return { why: 'there is no such step' };
  const isDeferred = steps[at]!.type === 'deferred' && dependencies[at]!.includes(decision);
  return isDeferred
    ? {
        why: 'deferred steps are not chosen, they follow what was',
        suggestion: `give "${name}" another type, or choose what it waits for`,
      }
    : {
        why: 'it does not depend on the decision',
        suggestion: `add "${steps[decision]!.name}" to the dependencies of "${name}"`,
      };
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
