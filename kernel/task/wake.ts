import { WeftError } from '../errors.ts';
import { dispatchAll, dispatchReady, dispatchWoken, settle } from './advance.ts';
import { isStepSettled } from './apply.ts';
import type { Command } from './commands.ts';
import type { Draft } from './draft.ts';
import { isProposed } from './plan.ts';
import { answerProposal } from './plan_record.ts';
import { hasWoken, type StepState } from './state.ts';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** The wait for a retry is over, if the step still waits for this one. */
export function fireRetry(draft: Draft, command: CommandOf<'fire_retry'>): void {
  const step = draft.state.steps.get(command.step_id);
  if (step?.status !== 'waiting_for_retry' || step.attempt !== command.attempt || step.retry_due === true) return;
  // A worker may have to queue for a slot, and a paused task waits for its operator.
  if (draft.state.head.paused || step.share !== undefined) {
    draft.emit({ kind: 'step_retry_due', step_id: step.id, at: draft.at });
  }
  settle(draft, dispatchWoken(draft, draft.step(step.id)));
}

/** A suspension's deadline has come, if the step is still in that suspension. */
export function fireDeadline(draft: Draft, command: CommandOf<'fire_deadline'>): void {
  const step = draft.state.steps.get(command.step_id);
  if (step?.status !== 'waiting_for_input' || step.activation !== command.activation) return;
  if (!step.suspension?.deadlines.some((deadline) => deadline.name === command.name)) return;
  const { attempt, activation } = step;
  draft.emit({ kind: 'step_deadline_fired', step_id: step.id, at: draft.at, attempt, activation, name: command.name });
  settle(draft, dispatchWoken(draft, draft.step(step.id)));
}

/**
 * Somebody answers a waiting step. Accepted as soon as the step has asked, also while it works on an earlier answer.
 * @throws step_not_found, step_not_waiting, signal_forbidden, signal_invalid
 */
export function signal(draft: Draft, command: CommandOf<'signal'>): void {
  const step = stepById(draft, command.step_id);
  if (step.signal_ids.includes(command.signal_id)) return;
  const { suspension } = step;
  if (suspension === undefined || isStepSettled(step)) {
    throw new WeftError('step_not_waiting', { step: step.name, status: step.status });
  }
  const audience = suspension.request['audience'];
  if (Array.isArray(audience) && audience.length > 0) {
    const names = new Set<unknown>([command.principal, ...command.roles.map((role) => `role:${role}`)]);
    if (!audience.some((entry) => names.has(entry))) {
      throw new WeftError('signal_forbidden', { principal: command.principal, step: step.name, audience });
    }
  }
  const problems = draft.env.checkSignal(suspension.signals, command.data);
  if (problems.length > 0) throw new WeftError('signal_invalid', { step: step.name, problems: problems.join('; ') });

  draft.emit({
    kind: 'step_signalled',
    step_id: step.id,
    at: draft.at,
    signal: {
      id: command.signal_id,
      at: draft.at,
      principal: command.principal,
      roles: command.roles,
      data: command.data,
      ...(command.reason === undefined ? {} : { reason: command.reason }),
    },
  });
  const signalled = draft.step(step.id);
  if (isProposed(signalled)) {
    if (!draft.state.head.paused) answerProposal(draft, step.id);
    return;
  }
  if (signalled.status === 'waiting_for_input') settle(draft, dispatchWoken(draft, signalled));
}

/** A component arrived: what waited for one is dispatched; who still has none answers so again. */
export function workerAvailable(draft: Draft): void {
  if (draft.state.head.paused) return;
  const waiting = [...draft.state.steps.values()].filter((step) => step.status === 'waiting_for_worker');
  settle(draft, dispatchAll(draft, waiting));
}

/** After a pause: dispatches all that became ready meanwhile. */
export function dispatchHeld(draft: Draft): void {
  const steps = [...draft.state.steps.values()];
  const ready = dispatchReady(
    draft,
    steps.map((step) => step.id),
  );
  settle(draft, [...ready, ...dispatchAll(draft, steps.filter(isHeld))]);
  for (const step of steps) if (isProposed(step) && hasWoken(step)) answerProposal(draft, step.id);
}

/** Workers of batches are held by their batch, which fills its window. */
function isHeld(step: StepState): boolean {
  return step.status === 'waiting_for_worker' || (step.share === undefined && hasWoken(step) && !isProposed(step));
}

/** @throws step_not_found */
export function stepById(draft: Draft, id: string): StepState {
  const step = draft.state.steps.get(id);
  if (step === undefined) {
    const steps = [...draft.state.steps.values()].map((each) => each.name);
    throw new WeftError('step_not_found', { task_id: draft.state.head.id, step: id, steps });
  }
  return step;
}
