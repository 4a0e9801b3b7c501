import { WeftError } from '../errors.ts';
import type { Command } from './commands.ts';
import { isDeadLetter, SYSTEM } from './dead_letter.ts';
import type { Draft } from './draft.ts';
import { compiledOf, type StepState } from './state.ts';
import { stepById } from './wake.ts';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** Nobody has taken the step up for too long, if it is still in that dispatch. */
export function markStuck(draft: Draft, command: CommandOf<'mark_stuck'>): void {
  const step = draft.state.steps.get(command.step_id);
  if (step === undefined || !isUntaken(step, command) || isDeadLetter(step)) return;
  const { handler_name, handler_range } = compiledOf(draft.state, step);
  const waits = step.status === 'waiting_for_worker';
  const { name, version } = step.pin ?? { name: handler_name, version: handler_range };
  draft.emit({
    kind: 'dead_letter_opened',
    step_id: step.id,
    at: draft.at,
    reason: 'stuck',
    attempt: step.attempt,
    code: waits ? 'no_worker' : 'not_taken',
    message: waits
      ? `no worker has ${name}@${version}`
      : 'the step was sent and no worker has taken it; workers are busy, or gone',
    since: command.since,
  });
}

/** Somebody runs the step after all: it is no longer stuck. */
export function recordTaken(draft: Draft, command: CommandOf<'record_taken'>): void {
  const step = draft.state.steps.get(command.step_id);
  if (step === undefined || !isUntaken(step, command) || !isDeadLetter(step)) return;
  draft.emit({
    kind: 'dead_letter_closed',
    step_id: step.id,
    at: draft.at,
    by: SYSTEM,
    reason: `${command.broker} runs it now`,
  });
}

function isUntaken(step: StepState, fence: CommandOf<'record_taken' | 'mark_stuck'>): boolean {
  const isCurrent = step.attempt === fence.attempt && step.activation === fence.activation;
  return isCurrent && (step.status === 'enqueued' || step.status === 'waiting_for_worker');
}

/**
 * Keeps what somebody found out about an entry, open or not.
 * @throws step_not_found, dead_letter_not_found
 */
export function noteDeadLetter(draft: Draft, { step_id, by, text }: CommandOf<'note_dead_letter'>): void {
  const step = entryById(draft, step_id);
  draft.emit({ kind: 'dead_letter_noted', step_id: step.id, at: draft.at, by, text });
}

/**
 * Closes an entry and leaves the step as it is.
 * @throws step_not_found, dead_letter_not_found, dead_letter_closed
 */
export function closeDeadLetter(draft: Draft, { step_id, by, reason }: CommandOf<'close_dead_letter'>): void {
  const step = entryById(draft, step_id);
  if (!isDeadLetter(step)) {
    throw new WeftError('dead_letter_closed', { step: step.name, state: step.dead_letter!.state });
  }
  draft.emit({ kind: 'dead_letter_closed', step_id: step.id, at: draft.at, by, reason });
}

/** Closes every open entry of a task that an operator ends. */
export function closeDeadLetters(draft: Draft, { by, reason }: { readonly by: string; readonly reason: string }): void {
  for (const step of [...draft.state.steps.values()].filter(isDeadLetter)) {
    draft.emit({ kind: 'dead_letter_closed', step_id: step.id, at: draft.at, by, reason });
  }
}

function entryById(draft: Draft, id: string): StepState {
  const step = stepById(draft, id);
  if (step.dead_letter === undefined) {
    throw new WeftError('dead_letter_not_found', { step: step.name, status: step.status });
  }
  return step;
}
