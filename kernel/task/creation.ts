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
import type { CompiledStep } from '../template/types.ts';
import { isStepSettled } from './apply.ts';
import type { Draft } from './draft.ts';
import type { CreatedStep, Provenance } from './events.ts';
import { presenceOf, type StepState, type TaskState, templateStepId } from './state.ts';

type Presence = 'unknown' | 'created' | 'absent';

/** Creates the frame's ungated steps and returns their ids. */
export function createFrame(draft: Draft): readonly string[] {
  const ungated = draft.state.compiled.steps.filter((step) => !step.gated);
  return emitCreated(draft, ungated, { created_by: 'template' });
}

/** After a decision has settled: creates what now must exist, excludes what no longer can, returns the created ids. */
export function settleBranches(draft: Draft, decision: StepState): readonly string[] {
  const { state } = draft;
  const settled = new Map<number, Presence>();
  const presence = (index: number): Presence => settled.get(index) ?? presenceOf(state, index);

  const agenda = [...state.compiled.steps[decision.template_index]!.dependents];
  for (let next = 0; next < agenda.length; next++) {
    const index = agenda[next]!;
    const step = state.compiled.steps[index]!;
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
  const created = indexes
    .filter((index) => settled.get(index) === 'created')
    .map((index) => state.compiled.steps[index]!);
  return emitCreated(draft, created, { created_by: 'decision_point', parent_step_id: decision.id });
}

/** The names a decision may choose: steps that directly depend on it and are not deferred. */
export function choicesOf(state: TaskState, decision: StepState): readonly string[] {
  return state.compiled.steps[decision.template_index]!.dependents.map(
    (index) => state.compiled.steps[index]!.definition,
  )
    .filter((definition) => definition.type !== 'deferred')
    .map((definition) => definition.name);
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
  if (state.compiled.steps[dependency]!.definition.type !== 'decision') return 'created';
  const decision = state.steps.get(templateStepId(state.head.id, dependency));
  if (decision === undefined || !isStepSettled(decision)) return 'unknown';
  if (decision.branch !== undefined) return decision.branch.includes(step.definition.name) ? 'created' : 'absent';
  // It failed: only a failure that the template lets pass has chosen nothing; any other may still be resolved.
  return state.compiled.steps[dependency]!.definition.on_failure === 'continue' ? 'absent' : 'unknown';
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
      id: templateStepId(state.head.id, step.index),
      name: step.definition.name,
      template_index: step.index,
      dependencies: step.dependencies.filter(exists).map((index) => templateStepId(state.head.id, index)),
      pin: env.resolveHandler(step.handler_name, step.handler_range) ?? null,
      provenance,
    }),
  );
  draft.emit({ kind: 'steps_created', at: draft.at, steps: records });
  return records.map((record) => record.id);
}
