import type { TaskEvent } from '../../kernel/task/events.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { TaskView } from '../orchestrator/port.ts';
import type { WeftClient } from './client.ts';

/** How to follow a task. */
export interface FollowOptions {
  /** Follow on past what only a person can end: a failed step that blocks the task. */
  readonly through_blocks?: boolean;
  /** Stop where the task waits for people and for nothing else. */
  readonly stop_at_input?: boolean;
  readonly after_seq?: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TaskEvent, seq: number) => void;
}

/**
 * Follows a task to where it settles, or to where `options` say to stop, or until the signal aborts; gives it as it
 * is then.
 * @throws server_unreachable when the stream breaks off
 */
export async function followTask(client: WeftClient, task_id: string, options: FollowOptions): Promise<TaskView> {
  const { through_blocks = false, stop_at_input = false, after_seq = 0, signal } = options;
  for await (const { seq, event } of client.watch(task_id, after_seq, signal)) {
    options.onEvent(event, seq);
    if (event.kind !== 'task_status_changed' || isSettled(event.to)) continue;
    const mayStop = event.to === 'waiting' ? stop_at_input : event.to === 'blocked_by_failures' && !through_blocks;
    if (!mayStop) continue;
    // The event may be old: what counts is how the task is now.
    const task = await client.task(task_id);
    if (task.status === 'blocked_by_failures' || waitsForPeopleOnly(task)) return task;
  }
  return client.task(task_id);
}

/** Whether nothing moves in a task until somebody answers. */
export function waitsForPeopleOnly({ status, steps }: TaskView): boolean {
  const statuses = new Set(steps.map((step) => step.status));
  if (status !== 'waiting' || !statuses.has('waiting_for_input')) return false;
  return !statuses.has('waiting_for_retry') && !statuses.has('waiting_for_worker') && !statuses.has('enqueued');
}
