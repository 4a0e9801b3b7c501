import { planningOf } from '../template/planning.ts';
import { meetsDependents } from './apply.ts';
import { workersOf } from './batch.ts';
import type { Draft } from './draft.ts';
import type { Failure } from './events.ts';
import { compiledOf, fragmentAt, presenceOf, type StepState, stepIdAt, type TaskState } from './state.ts';

/** The planning step of a step that a plan has made. */
export function plannerStepOf(state: TaskState, step: StepState): StepState | undefined {
  const fragment = fragmentAt(state, step.template_index);
  return fragment === undefined ? undefined : state.steps.get(fragment.record.planning_step_id);
}

/**
 * Ends a planning step whose plan is over, after a step of that plan has settled: with the exit step's result as its
 * own, or in `error` when that is not what was promised or the exit step can no longer exist. Undefined while it goes on.
 */
export function judgePlan(draft: Draft, planned: StepState): StepState | undefined {
  const { state, at } = draft;
  const planning = plannerStepOf(state, planned);
  if (planning?.status !== 'pending') return undefined;
  const { exit } = state.fragments.get(planning.id)!.record;
  const presence = presenceOf(state, exit);
  if (presence === 'unknown') return undefined;
  if (presence === 'absent') {
    return failed(draft, planning, {
      code: 'plan_not_converged',
      message: 'the exit step of the plan can no longer exist: no path that was taken leads to it',
      retryable: false,
    });
  }
  const last = state.steps.get(stepIdAt(state, exit))!;
  if (!meetsDependents(state, last)) return undefined;
  const output = last.result ?? null;
  const { output_schema } = planningOf(compiledOf(state, planning).definition);
  const problems = output_schema === undefined ? [] : draft.env.checkOutput(output_schema, output);
  if (problems.length > 0) {
    return failed(draft, planning, {
      code: 'plan_output_invalid',
      message: `the result of "${last.name}" is not what output_schema promises: ${problems.join('; ')}`,
      retryable: false,
      details: { problems },
    });
  }
  draft.emit({ kind: 'plan_converged', step_id: planning.id, at, output });
  return draft.step(planning.id);
}

/** Cancels what has not settled of a plan that is over without it. */
export function cancelPlanned(draft: Draft, planning: StepState): void {
  const fragment = draft.state.fragments.get(planning.id);
  if (fragment === undefined) return;
  const reason = `the plan of "${planning.name}" is over`;
  for (const index of fragment.indexes()) {
    const step = draft.state.steps.get(stepIdAt(draft.state, index));
    if (step === undefined) continue;
    const open = [...(step.batch === undefined ? [] : workersOf(draft.state, step)), step].filter(
      ({ settled_at }) => settled_at === undefined,
    );
    for (const { id } of open) draft.emit({ kind: 'step_cancelled', step_id: id, at: draft.at, reason });
  }
}

function failed(draft: Draft, planning: StepState, failure: Failure): StepState {
  const { id: step_id, attempt, activation } = planning;
  draft.emit({ kind: 'step_errored', step_id, at: draft.at, attempt, activation, failure });
  return draft.step(step_id);
}
