import { workersOf } from './batch.ts';
import { isDeadLetter } from './dead_letter.ts';
import type { Draft } from './draft.ts';
import type { DeadLetterReason, Failure } from './events.ts';
import { compiledOf, type StepState, type TaskState } from './state.ts';

/** Codes of failures by which a run harmed, or was about to harm, what it ran in. */
export const POISON_CODES: ReadonlySet<string> = new Set([
  'cell_crashed',
  'trap',
  'memory_exceeded',
  'output_too_large',
]);

/** What of a failure's message the list repeats; `step_errored` has all of it. */
const MESSAGE_LENGTH_MAX = 500;

/** A step that has just failed, unless its failure is let pass. */
export function buryFailed(draft: Draft, step: StepState): void {
  const { failure } = step;
  if (failure === undefined || isDeadLetter(step) || !landsWhenFailed(draft.state, step)) return;
  draft.emit({
    kind: 'dead_letter_opened',
    step_id: step.id,
    at: draft.at,
    reason: step.batch === undefined ? reasonOf(failure) : gravestOf(draft.state, step),
    attempt: step.attempt,
    code: failure.code,
    message: failure.message.slice(0, MESSAGE_LENGTH_MAX),
  });
}

/** Whether a failure of this step is somebody's to recover. */
export function landsWhenFailed(state: TaskState, step: StepState): boolean {
  return step.share === undefined && compiledOf(state, step).definition.on_failure !== 'continue';
}

function reasonOf({ code, retryable }: Failure): DeadLetterReason {
  if (POISON_CODES.has(code)) return 'poisoned';
  return retryable ? 'exhausted' : 'refused';
}

/** Looks at each worker, once for each time that a batch fails. */
function gravestOf(state: TaskState, batch: StepState): DeadLetterReason {
  const reasons = new Set<DeadLetterReason>();
  for (const { status, failure } of workersOf(state, batch)) {
    if (status === 'error' && failure !== undefined) reasons.add(reasonOf(failure));
  }
  return (['poisoned', 'exhausted'] as const).find((reason) => reasons.has(reason)) ?? 'refused';
}
