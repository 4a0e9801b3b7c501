import type { StepType } from '../template/types.ts';
import { advanceBatch, dispatchWoken, settle } from './advance.ts';
import { batchOfWorker, spawnWorkers, windowFor } from './batch.ts';
import { mayHaveWorkers, settleReservation } from './budget.ts';
import type { Command, Fence, Outcome } from './commands.ts';
import { choicesOf } from './creation.ts';
import type { Draft } from './draft.ts';
import type { Failure, Receipt } from './events.ts';
import { exhausted, reservationOf } from './plan_call.ts';
import { abandon, mayRetry, recordCallLost, recordPlanAnswer, settleCall } from './plan_record.ts';
import { retryDelayMs } from './retry.ts';
import { compiledOf, type StepState } from './state.ts';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** A handler's run ended well, if the fence still stands. */
export function recordOutcome(draft: Draft, command: CommandOf<'record_outcome'>): void {
  const step = fenced(draft, command);
  if (step === undefined || step.plan !== undefined) return;
  const { outcome, receipt } = command;
  const problem = refusal(draft, step, outcome);
  if (problem !== undefined) return fail(draft, step, problem, receipt);
  if (outcome.kind === 'suspend') return suspend(draft, step, outcome, receipt);
  draft.emit({
    kind: 'step_completed',
    ...fenceOf(draft, step),
    result: outcome.result,
    ...(outcome.kind === 'branch' ? { branch: outcome.steps } : {}),
    ...(outcome.kind === 'batches'
      ? windowFor(draft.state, step, outcome.items, outcome.max_concurrency, outcome.result)
      : {}),
    ...(receipt === undefined ? {} : { receipt }),
  });
  if (outcome.kind === 'batches') spawnWorkers(draft, draft.step(step.id), outcome.items);
  settle(draft, [draft.step(step.id)]);
}

/** A handler's run, or a planner's call, ended badly, if the fence still stands. */
export function recordFailure(draft: Draft, command: CommandOf<'record_failure'>): void {
  const step = fenced(draft, command);
  if (step === undefined) return;
  if (step.plan !== undefined) {
    settleCall(draft, step, command.usage);
    if (!mayRetry(draft, step, command.failure)) return abandon(draft, step, command.failure);
  }
  fail(draft, step, command.failure, command.receipt);
}

/** A planner has answered, if the fence still stands. */
export function recordAnswer(draft: Draft, command: CommandOf<'record_plan_answer'>): void {
  const step = fenced(draft, command);
  if (step?.plan !== undefined) recordPlanAnswer(draft, step, command);
}

/** Whoever had a planner's call is gone, if the fence still stands. */
export function recordLost(draft: Draft, command: CommandOf<'record_call_lost'>): void {
  const step = fenced(draft, command);
  if (step?.plan !== undefined && step.status === 'enqueued') recordCallLost(draft, step);
}

/** The broker that took the dispatch lacks the component: the step waits for one that has it, at no cost. */
export function recordUnavailable(draft: Draft, command: CommandOf<'record_unavailable'>): void {
  const step = fenced(draft, command);
  if (step?.status !== 'enqueued') return;
  // Nobody was asked.
  if (step.plan !== undefined) settleReservation(draft, reservationOf(command), {});
  draft.emit({ kind: 'step_waiting_for_worker', ...fenceOf(draft, step), digest: step.pin?.digest ?? null });
}

/** The step, when this is the first answer to its current dispatch. */
function fenced(draft: Draft, fence: Fence): StepState | undefined {
  const step = draft.state.steps.get(fence.step_id);
  if (step === undefined || step.attempt !== fence.attempt || step.activation !== fence.activation) return undefined;
  return step.status === 'enqueued' || step.status === 'waiting_for_worker' ? step : undefined;
}

function fenceOf(draft: Draft, step: StepState) {
  return { step_id: step.id, at: draft.at, attempt: step.attempt, activation: step.activation };
}

/** How a step of a type ends well; `complete` where nothing is said. */
const EXPECTED: Readonly<Partial<Record<StepType, Outcome['kind']>>> = { decision: 'branch', batchable: 'batches' };

/** Why an outcome cannot be this step's. */
function refusal(draft: Draft, step: StepState, outcome: Outcome): Failure | undefined {
  if (outcome.kind === 'suspend') {
    // A schema that nothing can be checked against would refuse every signal, for ever.
    const problems = draft.env.checkSchema(outcome.signals);
    if (problems.length === 0) return undefined;
    return terminal('signals_invalid', `the schema of its signals is unusable: ${problems.join('; ')}`, { problems });
  }
  const { type } = compiledOf(draft.state, step).definition;
  const expected = EXPECTED[type] ?? 'complete';
  if (outcome.kind !== expected) {
    return terminal(
      'outcome_not_allowed',
      `a step of type ${type} ends with "${expected}", not with "${outcome.kind}"`,
    );
  }
  if (outcome.kind === 'batches') {
    const { max_items } = compiledOf(draft.state, step).definition;
    if (!mayHaveWorkers(draft, step, outcome.items.length)) return exhausted(draft, 'steps');
    if (max_items !== undefined && outcome.items.length > max_items) {
      const message = `it gave ${outcome.items.length} items, and its step allows ${max_items}`;
      return terminal('too_many_items', message, { items: outcome.items.length, max_items });
    }
  }
  if (outcome.kind === 'branch') {
    const choices = choicesOf(draft.state, step);
    const unknown = outcome.steps.filter((name) => !choices.includes(name));
    if (unknown.length > 0) {
      return terminal('branch_invalid', `it chose ${unknown.join(', ')}; it can choose ${choices.join(', ')}`, {
        unknown,
        choices,
      });
    }
  }
  const problems = step.pin === null ? [] : draft.env.checkResult(step.pin, outcome.result);
  if (problems.length === 0) return undefined;
  return terminal('result_invalid', `the result does not meet the handler's outputSchema: ${problems.join('; ')}`, {
    problems,
  });
}

function terminal(code: string, message: string, details?: Failure['details']): Failure {
  return { code, message, retryable: false, ...(details === undefined ? {} : { details }) };
}

function fail(draft: Draft, step: StepState, failure: Failure, receipt: Receipt | undefined): void {
  const { retry } = compiledOf(draft.state, step).definition;
  const failures = step.attempt - step.attempts_forgiven;
  const ended = { ...fenceOf(draft, step), failure, ...(receipt === undefined ? {} : { receipt }) };
  if (failure.retryable && failures < retry.max_attempts) {
    const delay = retryDelayMs(retry, failures, { step_id: step.id, attempt: step.attempt }, failure.retry_after_ms);
    draft.emit({ kind: 'step_retry_scheduled', ...ended, retry_at: draft.at + delay });
    return freeSlot(draft, step);
  }
  draft.emit({ kind: 'step_errored', ...ended });
  settle(draft, [draft.step(step.id)]);
}

function suspend(
  draft: Draft,
  step: StepState,
  outcome: Extract<Outcome, { kind: 'suspend' }>,
  receipt: Receipt | undefined,
): void {
  draft.emit({
    kind: 'step_suspended',
    ...fenceOf(draft, step),
    state: outcome.state,
    request: outcome.request,
    signals: outcome.signals,
    deadlines: outcome.deadlines.map(({ name, after_ms }) => ({ name, at: draft.at + after_ms })),
    ...(receipt === undefined ? {} : { receipt }),
  });
  // A signal that came while the handler worked on the one before wakes it again.
  const suspended = draft.step(step.id);
  if (suspended.inbox.length > 0 || suspended.share !== undefined) settle(draft, dispatchWoken(draft, suspended));
}

/** A worker that waits gives its slot to the next. */
function freeSlot(draft: Draft, step: StepState): void {
  if (step.share !== undefined) settle(draft, advanceBatch(draft, batchOfWorker(draft.state, step)));
}
