import { SETTLED_STATUSES, type SettledStatus } from '../../kernel/task/task_machine.ts';
import type { RetentionAction, RetentionConfig } from '../config/types.ts';

const HOUR_MS = 3_600_000;

/** What becomes of tasks that ended in one way. */
export interface Rule {
  readonly status: SettledStatus;
  readonly action: RetentionAction;
  readonly after_hours: number;
}

/** A rule for each way in which tasks end. */
export function rulesOf({ settled_tasks, after_hours, by_status }: RetentionConfig): readonly Rule[] {
  return SETTLED_STATUSES.map((status) => ({
    status,
    action: by_status[status]?.settled_tasks ?? settled_tasks,
    after_hours: by_status[status]?.after_hours ?? after_hours,
  }));
}

/** The tasks that a rule is about, at a moment: those that settled at or before `until`. */
export function dueBy({ status, after_hours }: Rule, now: number): { status: SettledStatus; until: number } {
  return { status, until: now - after_hours * HOUR_MS };
}
