import { type Effects, effectsOf } from '../../kernel/task/effects.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import type { StepState, TaskState } from '../../kernel/task/state.ts';
import type { DispatchRow, TaskCommit, TaskSummary, TimerRow, WaitingRow } from '../store/port.ts';
import { deadLetterRow } from './dead_letters.ts';

/** The rows of a commit: what the events mean for the task list, the outbox, the timers, who waits and dead letters. */
export function rowsOf(state: TaskState, events: readonly TaskEvent[], effects = effectsOf(state, events)): Rows {
  const summaryChanged = events.some((event) => event.kind.startsWith('task_'));
  return {
    effects,
    rows: {
      ...(summaryChanged ? { summary: summaryOf(state) } : {}),
      dispatched: [...effects.dispatched, ...effects.held].map((step) => dispatchRow(state, step)),
      undispatched: effects.undispatched,
      timers_set: effects.timed.flatMap((step) => timerRows(state, step)),
      timers_cleared: effects.untimed,
      waiting_set: effects.asking.map((step) => waitingRow(state, step)),
      waiting_cleared: effects.unasking,
      dead_letters_set: effects.dead_letters.map((step) => deadLetterRow(state, step)),
    },
  };
}

/** A commit's rows with the effects that they come from. */
export interface Rows {
  readonly effects: Effects;
  readonly rows: Omit<TaskCommit, 'task_id' | 'expected_seq' | 'events'>;
}

/** The task's row in the task list. */
export function summaryOf({ head, compiled }: TaskState): TaskSummary {
  return {
    task_id: head.id,
    template_name: compiled.template.name,
    template_version: compiled.template.version,
    template_digest: compiled.digest,
    namespace: compiled.template.namespace,
    status: head.status,
    paused: head.paused,
    submitted_by: head.submitted_by,
    created_at: head.created_at,
    updated_at: head.updated_at,
    settled_at: head.settled_at ?? null,
  };
}

/** The timers that a step waits for. */
export function timerRows(state: TaskState, step: StepState): readonly TimerRow[] {
  const fence = { task_id: state.head.id, step_id: step.id, attempt: step.attempt, activation: step.activation };
  if (step.status === 'waiting_for_retry' && step.retry_due !== true) {
    return [{ ...fence, kind: 'retry', name: '', at: step.retry_at! }];
  }
  if (step.status !== 'waiting_for_input') return [];
  return step.suspension!.deadlines.map(({ name, at }) => ({ ...fence, kind: 'deadline' as const, name, at }));
}

function dispatchRow({ head, compiled }: TaskState, step: StepState): DispatchRow {
  return {
    task_id: head.id,
    step_id: step.id,
    attempt: step.attempt,
    activation: step.activation,
    namespace: compiled.template.namespace,
    enqueued_at: step.enqueued_at ?? head.updated_at,
  };
}

function waitingRow({ head, compiled }: TaskState, step: StepState): WaitingRow {
  const suspension = step.suspension!;
  return {
    task_id: head.id,
    step_id: step.id,
    step_name: step.name,
    template_name: compiled.template.name,
    request: suspension.request,
    signals: suspension.signals,
    since: suspension.since,
    next_deadline_at: suspension.deadlines.length === 0 ? null : Math.min(...suspension.deadlines.map(({ at }) => at)),
  };
}
