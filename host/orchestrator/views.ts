import type { JsonObject } from '../../kernel/json.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import type { Claim } from './claims.ts';
import { summaryOf } from './commit_plan.ts';
import type { StepView, TaskView } from './port.ts';

/** Who runs the current dispatch of a step, if somebody does. */
export type ClaimOf = (step: StepState) => Claim | undefined;

/** A task as people see it. */
export function taskView(state: TaskState, claimOf: ClaimOf): TaskView {
  return {
    ...summaryOf(state),
    reason: state.head.reason ?? null,
    context: state.head.context,
    seq: state.head.seq,
    steps: [...state.steps.values()].map((step) => stepView(state, step, claimOf)),
  };
}

/** A step as people see it. */
export function stepView(state: TaskState, step: StepState, claimOf: ClaimOf): StepView {
  const { definition, handler_name } = compiledOf(state, step);
  const { suspension } = step;
  return {
    step_id: step.id,
    name: step.name,
    type: definition.type,
    status: step.status,
    handler: { name: handler_name, version: step.pin?.version ?? null, digest: step.pin?.digest ?? null },
    dependencies: step.dependencies.map((id) => state.steps.get(id)!.name),
    attempt: step.attempt,
    max_attempts: step.attempts_forgiven + definition.retry.max_attempts,
    created_by: step.provenance.created_by,
    planned: plannedOf(step),
    created_at: step.created_at,
    enqueued_at: step.enqueued_at ?? null,
    settled_at: step.settled_at ?? null,
    in_progress: claimOf(step) ?? null,
    result: step.result ?? null,
    branch: step.branch ?? null,
    failure: (step.failure as JsonObject | undefined) ?? null,
    retry_at: step.retry_at ?? null,
    waiting_for:
      step.status !== 'waiting_for_input' || suspension === undefined
        ? null
        : { request: suspension.request, signals: suspension.signals, deadlines: suspension.deadlines },
    receipt: step.receipt ?? null,
    resolved: step.resolved ?? null,
    dead_letter:
      step.dead_letter === undefined ? null : { reason: step.dead_letter.reason, state: step.dead_letter.state },
  };
}

function plannedOf({ provenance }: StepState): StepView['planned'] {
  const { planning_step_id, fragment_id, planning_phase, planning_reasoning } = provenance;
  if (planning_step_id === undefined || fragment_id === undefined || planning_phase === undefined) return null;
  return { planning_step_id, fragment_id, phase: planning_phase, reasoning: planning_reasoning ?? null };
}
