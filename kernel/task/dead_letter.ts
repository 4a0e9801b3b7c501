/**
 * Dead letters: the steps that will not go on by themselves, kept in a list until a person has dealt with each. An
 * entry belongs to one step and points at it; whoever retries or resolves the step closes the entry with that.
 *
 * Who lands there
 *  exhausted  failed, might succeed if it were tried again, and has no attempt left
 *  poisoned   its last allowed run killed its sandbox process, trapped or went over a limit
 *  refused    failed in a way that the same attempt again would not change: values, result or handler said no
 *  stuck      was not taken up for longer than the operator allows: it waits for a worker, or nobody took its dispatch
 *
 * Who does not: a step whose template lets its failure pass (`on_failure: continue`), since its dependents have gone on
 * and nobody can recover it, and a worker of a batch that failed. A batch whose tolerance is exceeded lands as a whole,
 * for the gravest reason among its failed workers; its retry retries them.
 *
 * Invariants
 *  1. An entry is open only while its step is in the trouble it tells of: in `error`, or, for `stuck`, still in the
 *     dispatch that nobody took. Only an operator closes it before: the entry itself, or with the whole task.
 *  2. A step has at most one entry. One that fails again after a retry opens its entry again and keeps the history.
 *  3. Entries change by journaled events alone, so that the list can be told again from the journals.
 */
import type { StepEvent } from './events.ts';
import type { DeadLetter, StepState } from './state.ts';

/** Who closes an entry whose step moved on by itself. */
export const SYSTEM = 'system';

/** Whether a step is in the list and nobody has dealt with it yet. */
export function isDeadLetter(step: StepState): boolean {
  return step.dead_letter?.state === 'open';
}

/** The entry of a step after an event of the step; part of the fold. */
export function afterStepEvent(before: StepState, event: StepEvent): DeadLetter | undefined {
  const entry = before.dead_letter;
  if (event.kind === 'dead_letter_opened') {
    const { reason, code, message, attempt, at, since } = event;
    return {
      reason,
      state: 'open',
      code,
      message,
      attempts: attempt,
      openings: (entry?.openings ?? 0) + 1,
      notes: entry?.notes ?? 0,
      first_at: entry?.first_at ?? at,
      last_at: at,
      since: since ?? at,
    };
  }
  if (entry === undefined) return undefined;
  if (event.kind === 'dead_letter_noted') return { ...entry, notes: entry.notes + 1 };
  if (entry.state !== 'open') return entry;
  switch (event.kind) {
    case 'dead_letter_closed':
    case 'step_resolved_manually':
      return closed(entry, 'resolved', event);
    case 'step_retried_by_operator':
      return closed(entry, 'retried', event);
    case 'step_cancelled':
      return closed(entry, 'resolved', { at: event.at, by: SYSTEM, reason: event.reason });
    // These leave the step in the dispatch that nobody took.
    case 'step_signalled':
    case 'step_pinned':
      return entry;
    default:
      return closed(entry, 'resolved', { at: event.at, by: SYSTEM, reason: 'the step moved on by itself' });
  }
}

function closed(
  entry: DeadLetter,
  state: 'retried' | 'resolved',
  { at, by, reason }: { readonly at: number; readonly by: string; readonly reason: string },
): DeadLetter {
  return { ...entry, state, closed: { at, by, reason } };
}
