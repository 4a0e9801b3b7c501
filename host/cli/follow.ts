import type { TaskEvent, TaskStatus } from '../../kernel/task/events.ts';
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
  /** The task as it rests where following ends, once everything that led there was shown. */
  let rest: TaskView | undefined;
  for await (const { seq, event } of client.watch(task_id, after_seq, signal)) {
    options.onEvent(event, seq);
    if (rest === undefined && event.kind === 'task_status_changed' && mayRest(event.to)) {
      // The event may be old: what counts is how the task is now.
      const task = await client.task(task_id);
      if (task.status === 'blocked_by_failures' || waitsForPeopleOnly(task)) rest = task;
    }
    if (rest !== undefined && seq >= rest.seq) return rest;
  }
  return client.task(task_id);

  function mayRest(status: TaskStatus): boolean {
    return status === 'waiting' ? stop_at_input : status === 'blocked_by_failures' && !through_blocks;
  }
}

/** Whether nothing moves in a task until somebody answers. */
export function waitsForPeopleOnly({ status, steps }: TaskView): boolean {
  const statuses = new Set(steps.map((step) => step.status));
  if (status !== 'waiting' || !statuses.has('waiting_for_input')) return false;
  return !statuses.has('waiting_for_retry') && !statuses.has('waiting_for_worker') && !statuses.has('enqueued');
}
