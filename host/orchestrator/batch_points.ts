import type { TaskEvent } from '../../kernel/task/events.ts';
import type { TaskState } from '../../kernel/task/state.ts';

/** Where a batch stands in a commit that is about to be made, as named points of `Faults`. */
export type BatchPoint =
  | 'orchestrator.batch_created'
  | 'orchestrator.batch_worker_recorded'
  | 'orchestrator.batch_converged';

/** The points that a commit of these events passes; `state` is the one after them. */
export function batchPoints(state: TaskState, events: readonly TaskEvent[]): readonly BatchPoint[] {
  const points: BatchPoint[] = [];
  for (const event of events) {
    if (event.kind === 'batch_converged') points.push('orchestrator.batch_converged');
    if (event.kind !== 'step_completed') continue;
    if (event.window !== undefined) points.push('orchestrator.batch_created');
    if (state.steps.get(event.step_id)?.share !== undefined) points.push('orchestrator.batch_worker_recorded');
  }
  return points;
}
