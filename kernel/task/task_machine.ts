/**
 * The task: one run of a template.
 *
 * Invariants
 *  1. The status is a function of the step counts and of what an operator asked (`statusOf`); it is journaled when it
 *     changes, so that nobody has to fold a journal to list tasks.
 *  2. `complete`, `error`, `cancelled` and `resolved_manually` are final: no event follows but notes on dead letters and their closing, and a
 *     settled task has no step that is enqueued or waiting.
 *  3. `paused` is a flag, not a status: nothing is dispatched while it is set, deadlines run on, results count.
 *
 *   pending ──► running ⇄ waiting ──► complete | error | cancelled | resolved_manually
 *                  ▲ ⇅      ⇅
 *                  └── blocked_by_failures        (left by an operator: retry, resolve, cancel)
 *
 * What holds in each status
 *  pending              nothing was dispatched yet (created paused)
 *  running              at least one step is enqueued
 *  waiting              none is enqueued; one waits for a retry, for input, for a worker, or for the task to resume
 *  blocked_by_failures  none is enqueued or waiting; a failed step holds the rest back
 *  complete             every created step settled, none of them holding others back
 *  error                a step with `on_failure: fail_task` failed
 *  cancelled            an operator cancelled it
 *  resolved_manually    an operator accepted it as it is
 */
import { WeftError } from '../errors.ts';
import type { TaskStatus } from './events.ts';
import type { TaskHead } from './state.ts';

/** Every legal change of status; what is not here is a bug. A status that is forgotten does not compile. */
export const TASK_TRANSITIONS: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  pending: ['running', 'waiting', 'blocked_by_failures', 'complete', 'error', 'cancelled', 'resolved_manually'],
  running: ['waiting', 'blocked_by_failures', 'complete', 'error', 'cancelled', 'resolved_manually'],
  waiting: ['running', 'blocked_by_failures', 'complete', 'error', 'cancelled', 'resolved_manually'],
  blocked_by_failures: ['running', 'waiting', 'complete', 'error', 'cancelled', 'resolved_manually'],
  complete: [],
  error: [],
  cancelled: [],
  resolved_manually: [],
};

/** How a task can have ended. */
export const SETTLED_STATUSES = ['complete', 'error', 'cancelled', 'resolved_manually'] as const;
export type SettledStatus = (typeof SETTLED_STATUSES)[number];

/** Whether a task with this status can never change again. */
export function isSettled(status: TaskStatus): boolean {
  return TASK_TRANSITIONS[status].length === 0;
}

/** The status that the step counts of an unsettled task call for. */
export function statusOf(head: TaskHead): TaskStatus {
  const { count } = head;
  if (count.enqueued > 0) return 'running';
  if (count.waiting_for_retry + count.waiting_for_input + count.waiting_for_worker > 0) return 'waiting';
  if (head.paused && count.pending > 0 && head.blocking_errors === 0)
    return head.status === 'pending' ? 'pending' : 'waiting';
  if (head.blocking_errors > 0) return 'blocked_by_failures';
  return 'complete';
}

/** @throws illegal_transition */
export function assertTaskTransition(head: TaskHead, to: TaskStatus): void {
  if (!TASK_TRANSITIONS[head.status].includes(to)) {
    throw new WeftError('illegal_transition', {
      machine: `task ${head.id}`,
      from: head.status,
      event: `task_status_changed to ${to}`,
    });
  }
}
