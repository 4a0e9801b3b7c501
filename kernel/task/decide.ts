import { WeftError } from '../errors.ts';
import { dispatchReady, settle } from './advance.ts';
import { openAccount } from './budget.ts';
import type { Command, Environment } from './commands.ts';
import { createFrame } from './creation.ts';
import { closeDeadLetter, markStuck, noteDeadLetter, recordTaken } from './dead_letter_acts.ts';
import { Draft } from './draft.ts';
import type { TaskEvent } from './events.ts';
import { cancelTask, pauseTask, resolveStep, resolveTask, resumeTask, retryStep } from './operate.ts';
import { recordAnswer, recordFailure, recordLost, recordOutcome, recordUnavailable } from './record.ts';
import type { TaskState } from './state.ts';
import { isSettled, statusOf } from './task_machine.ts';
import { fireDeadline, fireRetry, signal, workerAvailable } from './wake.ts';

/**
 * What a command does to a task: the events to journal, none when it is late news. Pure: the state is only read, and
 * the same state, command and answers of `env` give the same events.
 * @throws task_settled, step_not_found, step_not_waiting, step_not_retryable, step_not_resolvable, signal_invalid,
 * signal_forbidden, result_invalid, branch_invalid, dead_letter_not_found, dead_letter_closed: the command is refused and nothing happened
 */
export function decide(state: TaskState, command: Command, env: Environment): readonly TaskEvent[] {
  const draft = new Draft(state, command.at, env);
  perform(draft, command);
  settleTask(draft);
  return draft.events;
}

function perform(draft: Draft, command: Command): void {
  if (command.kind === 'create') return create(draft, command);
  // Looking into what went wrong goes on when the task is over.
  if (command.kind === 'note_dead_letter') return noteDeadLetter(draft, command);
  if (command.kind === 'close_dead_letter') return closeDeadLetter(draft, command);
  if (isSettled(draft.state.head.status)) return refuseLate(draft, command);
  switch (command.kind) {
    case 'record_outcome':
      return recordOutcome(draft, command);
    case 'record_failure':
      return recordFailure(draft, command);
    case 'record_plan_answer':
      return recordAnswer(draft, command);
    case 'record_call_lost':
      return recordLost(draft, command);
    case 'record_unavailable':
      return recordUnavailable(draft, command);
    case 'worker_available':
      return workerAvailable(draft);
    case 'fire_retry':
      return fireRetry(draft, command);
    case 'fire_deadline':
      return fireDeadline(draft, command);
    case 'mark_stuck':
      return markStuck(draft, command);
    case 'record_taken':
      return recordTaken(draft, command);
    case 'signal':
      return signal(draft, command);
    case 'pause':
      return pauseTask(draft, command);
    case 'resume':
      return resumeTask(draft, command);
    case 'cancel':
      return cancelTask(draft, command);
    case 'resolve':
      return resolveTask(draft, command);
    case 'retry_step':
      return retryStep(draft, command);
    case 'resolve_step':
      return resolveStep(draft, command);
  }
}

function create(draft: Draft, command: Extract<Command, { kind: 'create' }>): void {
  const { compiled, head } = draft.state;
  if (head.seq > 0) {
    throw new WeftError('illegal_transition', { machine: `task ${head.id}`, from: head.status, event: 'create' });
  }
  const { name, namespace, version } = compiled.template;
  draft.emit({
    kind: 'task_created',
    at: command.at,
    task_id: command.task_id,
    template: { name, namespace, version, digest: compiled.digest },
    context: command.context,
    submitted_by: command.submitted_by,
    ...(command.idempotency_key === undefined ? {} : { idempotency_key: command.idempotency_key }),
    ...(command.traceparent === undefined ? {} : { traceparent: command.traceparent }),
  });
  openAccount(draft);
  if (command.paused !== undefined) draft.emit({ kind: 'task_paused', at: command.at, ...command.paused });
  settle(draft, dispatchReady(draft, createFrame(draft)));
}

/** A settled task refuses people and ignores machines, and a signal that it has already accepted. */
function refuseLate(draft: Draft, command: Command): void {
  switch (command.kind) {
    case 'signal':
      if (draft.state.steps.get(command.step_id)?.signal_ids.includes(command.signal_id) === true) return;
      throw settledError(draft);
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'resolve':
    case 'retry_step':
    case 'resolve_step':
      throw settledError(draft);
    default:
      return;
  }
}

function settledError({ state: { head } }: Draft): WeftError {
  return new WeftError('task_settled', { task_id: head.id, status: head.status });
}

/** Journals the status that the events have led to. */
function settleTask(draft: Draft): void {
  const { head } = draft.state;
  if (draft.events.length === 0 || isSettled(head.status)) return;
  const to = statusOf(head);
  if (to !== head.status) draft.emit({ kind: 'task_status_changed', at: draft.at, to });
}
