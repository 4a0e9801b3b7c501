/**
 * Which template steps exist.
 *
 * A step that no decision stands before is created with the task. Of the others:
 *  - a non-deferred step is created once every dependency is created and each decision it directly depends on has
 *    named it; it is absent as soon as one of these can no longer come true;
 *  - a deferred step is decided once every dependency is created or absent: created, waiting for those that exist, or
 *    absent when none does. No decision names it.
 *
 * Both are monotone, so the order in which decisions settle does not matter.
 */
import { localName } from '../reference/names.ts';
import type { CompiledStep } from '../template/types.ts';
import { isStepSettled } from './apply.ts';
import type { Draft } from './draft.ts';
import type { CreatedStep, Provenance } from './events.ts';
import type { Fragment } from './planned.ts';
import { compiledAt, fragmentAt, presenceOf, type StepState, stepIdAt, type TaskState } from './state.ts';

type Presence = 'unknown' | 'created' | 'absent';

/** Creates the frame's ungated steps and returns their ids. */
export function createFrame(draft: Draft): readonly string[] {
  const ungated = draft.state.compiled.steps.filter((step) => !step.gated);
  return emitCreated(draft, ungated, { created_by: 'template' });
}

/** Creates the steps of an accepted plan that no decision of it stands before, and returns their ids. */
export function createPlanned(
  draft: Draft,
  fragment: Fragment,
  definitions: readonly CompiledStep[],
): readonly string[] {
  const { base, planning_step_id } = fragment.record;
  const shift = (index: number): number => base + index;
  const ungated = definitions
    .filter((step) => !step.gated)
    .map((step) => ({ ...step, index: shift(step.index), dependencies: step.dependencies.map(shift) }));
  return emitCreated(draft, ungated, { created_by: 'planning_step', parent_step_id: planning_step_id });
}

/** After a decision has settled: creates what now must exist, excludes what no longer can, returns the created ids. */
export function settleBranches(draft: Draft, decision: StepState): readonly string[] {
  const { state } = draft;
  const settled = new Map<number, Presence>();
  const presence = (index: number): Presence => settled.get(index) ?? presenceOf(state, index);

  const agenda = [...compiledAt(state, decision.template_index).dependents];
  for (let next = 0; next < agenda.length; next++) {
    const index = agenda[next]!;
    const step = compiledAt(state, index);
    if (presence(index) !== 'unknown') continue;
    const verdict = step.definition.type === 'deferred' ? judgeDeferred(step, presence) : judge(state, step, presence);
    if (verdict === 'unknown') continue;
    settled.set(index, verdict);
    agenda.push(...step.dependents);
  }

  const indexes = [...settled.keys()].sort((a, b) => a - b);
  const excluded = indexes.filter((index) => settled.get(index) === 'absent');
  if (excluded.length > 0) {
    draft.emit({ kind: 'steps_excluded', at: draft.at, template_indexes: excluded, by_step_id: decision.id });
  }
  const created = indexes.filter((index) => settled.get(index) === 'created').map((index) => compiledAt(state, index));
  return emitCreated(draft, created, { created_by: 'decision_point', parent_step_id: decision.id });
}

/** The names a decision may choose: steps that directly depend on it and are not deferred; in a plan, local names. */
export function choicesOf(state: TaskState, decision: StepState): readonly string[] {
  return compiledAt(state, decision.template_index)
    .dependents.map((index) => compiledAt(state, index).definition)
    .filter((definition) => definition.type !== 'deferred')
    .map((definition) => localName(definition.name));
}

function judge(state: TaskState, step: CompiledStep, presence: (index: number) => Presence): Presence {
  let verdict: Presence = 'created';
  for (const dependency of step.dependencies) {
    const named = presence(dependency) === 'created' ? namedBy(state, dependency, step) : presence(dependency);
    if (named === 'absent') return 'absent';
    if (named === 'unknown') verdict = 'unknown';
  }
  return verdict;
}

/** Whether a created dependency, if it is a decision, lets the step be. */
function namedBy(state: TaskState, dependency: number, step: CompiledStep): Presence {
  if (compiledAt(state, dependency).definition.type !== 'decision') return 'created';
  const decision = state.steps.get(stepIdAt(state, dependency));
  if (decision === undefined || !isStepSettled(decision)) return 'unknown';
  if (decision.branch !== undefined)
    return decision.branch.includes(localName(step.definition.name)) ? 'created' : 'absent';
  // It failed: only a failure that the template lets pass has chosen nothing; any other may still be resolved.
  return compiledAt(state, dependency).definition.on_failure === 'continue' ? 'absent' : 'unknown';
}

function judgeDeferred(step: CompiledStep, presence: (index: number) => Presence): Presence {
  const found = step.dependencies.map(presence);
  if (found.includes('unknown')) return 'unknown';
  return found.includes('created') ? 'created' : 'absent';
}

function emitCreated(draft: Draft, steps: readonly CompiledStep[], provenance: Provenance): readonly string[] {
  if (steps.length === 0) return [];
  const { state, env } = draft;
  const created = new Set(steps.map((step) => step.index));
  const exists = (index: number) => created.has(index) || presenceOf(state, index) === 'created';
  const records = steps.map(
    (step): CreatedStep => ({
      id: stepIdAt(state, step.index),
      name: step.definition.name,
      ...placeOf(state, step),
      dependencies: step.dependencies.filter(exists).map((index) => stepIdAt(state, index)),
      // A planning step is asked of a planner, which no component is.
      pin:
        step.definition.type === 'planning'
          ? null
          : (env.resolveHandler(step.handler_name, step.handler_range) ?? null),
      provenance: { ...provenance, ...planProvenance(state, step) },
    }),
  );
  draft.emit({ kind: 'steps_created', at: draft.at, steps: records });
  return records.map((record) => record.id);
}

/** What tells where a step's definition is: in the template, or with the step itself. */
function placeOf({ compiled }: TaskState, { index, definition }: CompiledStep): Partial<CreatedStep> {
  return index < compiled.steps.length ? { template_index: index } : { definition };
}

function planProvenance(state: TaskState, { index }: CompiledStep): Partial<Provenance> {
  const fragment = fragmentAt(state, index);
  if (fragment === undefined) return {};
  const { planning_step_id, fragment_id, phase, base, reasons } = fragment.record;
  const reasoning = reasons[index - base]!;
  return {
    planning_step_id,
    fragment_id,
    planning_phase: phase,
    ...(reasoning === '' ? {} : { planning_reasoning: reasoning }),
  };
}
