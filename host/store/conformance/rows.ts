import type { TaskEvent } from '../../../kernel/task/events.ts';
import type { DeadLetterRow, DispatchRow, TaskCommit, TaskSummary, TimerRow, WaitingRow } from '../port.ts';

/** A commit that changes nothing but what is given. */
export function commitOf(task_id: string, expected_seq: number, rest: Partial<TaskCommit> = {}): TaskCommit {
  return {
    task_id,
    expected_seq,
    events: [eventOf(expected_seq + 1)],
    dispatched: [],
    undispatched: [],
    timers_set: [],
    timers_cleared: [],
    waiting_set: [],
    waiting_cleared: [],
    dead_letters_set: [],
    ...rest,
  };
}

/** An event to tell from others by `at`. */
export function eventOf(at: number, reason = 'because'): TaskEvent {
  return { kind: 'task_status_changed', at, to: 'running', reason };
}

/** A row of the task list. */
export function summaryOf(task_id: string, rest: Partial<TaskSummary> = {}): TaskSummary {
  return {
    task_id,
    template_name: 'intake',
    template_version: '1.0.0',
    template_digest: 'sha256:00',
    namespace: 'default',
    status: 'running',
    paused: false,
    submitted_by: 'ada',
    created_at: 1_000,
    updated_at: 1_000,
    settled_at: null,
    ...rest,
  };
}

/** An outbox row. */
export function dispatchOf(task_id: string, step_id: string, enqueued_at: number): DispatchRow {
  return { task_id, step_id, attempt: 1, activation: 0, namespace: 'default', enqueued_at };
}

/** A named deadline. */
export function timerOf(task_id: string, step_id: string, name: string, at: number): TimerRow {
  return { task_id, step_id, attempt: 1, activation: 0, kind: 'deadline', name, at };
}

/** A step that asks. */
export function waitingOf(task_id: string, step_id: string, since: number): WaitingRow {
  return {
    task_id,
    step_id,
    step_name: 'approval',
    template_name: 'intake',
    request: { title: `Approve ${step_id}?`, details: { amount: 7_000 } },
    signals: { type: 'object', properties: { approve: { type: 'boolean' } } },
    since,
    next_deadline_at: null,
  };
}

/** A step whose attempts are used up. */
export function deadLetterOf(task_id: string, step_id: string, at: number): DeadLetterRow {
  return {
    task_id,
    step_id,
    step_name: 'post_result',
    template_name: 'intake',
    namespace: 'default',
    reason: 'exhausted',
    state: 'open',
    code: 'http_status',
    message: '503 from the server',
    handler: 'http_request',
    handler_version: '1.0.0',
    handler_digest: 'sha256:00',
    attempts: 3,
    openings: 1,
    notes: 0,
    since: at,
    first_at: at,
    last_at: at,
    closed_at: null,
    closed_by: null,
    closed_reason: null,
  };
}
