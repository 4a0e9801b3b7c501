import { WeftError } from '../errors.ts';
import { meetsDependents } from './apply.ts';
import { batchOfWorker, cancelWorkers, judgeBatch, startable } from './batch.ts';
import { buryFailed } from './bury.ts';
import { settleBranches } from './creation.ts';
import { resolveDispatch } from './dispatch_input.ts';
import type { Draft } from './draft.ts';
import type { Failure, HandlerPin } from './events.ts';
import { isPlanned } from './plan.ts';
import { dispatchCall } from './plan_call.ts';
import { cancelPlanned, judgePlan } from './plan_converge.ts';
import { compiledOf, dependentsOf, type StepState } from './state.ts';

/**
 * Everything that follows from steps that have settled: branches are created or excluded, dependents dispatched,
 * steps that cannot be dispatched failed, and so on until nothing follows. An agenda instead of recursion: a chain may
 * be thousands of steps long.
 */
export function settle(draft: Draft, settled: readonly StepState[]): void {
  const agenda = [...settled];
  for (let next = 0; next < agenda.length; next++) {
    const step = draft.step(agenda[next]!.id);
    if (step.share !== undefined) {
      agenda.push(...advanceBatch(draft, batchOfWorker(draft.state, step)));
      continue;
    }
    if (step.plan?.accepted !== undefined && step.status !== 'pending') cancelPlanned(draft, step);
    if (step.status === 'error') buryFailed(draft, step);
    if (step.status === 'error' && compiledOf(draft.state, step).definition.on_failure === 'fail_task') {
      // Others that failed in the same moment are somebody's to look at as well.
      for (const other of agenda.slice(next + 1).map(({ id }) => draft.step(id))) {
        if (other.status === 'error') buryFailed(draft, other);
      }
      return failTask(draft, step);
    }
    if (step.batch !== undefined && (step.status === 'resolved_manually' || meetsDependents(draft.state, step))) {
      cancelWorkers(draft, step, `batch "${step.name}" is over`);
    }
    if (!meetsDependents(draft.state, step)) continue;
    const created = compiledOf(draft.state, step).definition.type === 'decision' ? settleBranches(draft, step) : [];
    const planning = judgePlan(draft, step);
    if (planning !== undefined) agenda.push(planning);
    const dependents = [...dependentsOf(draft.state, step)].map((dependent) => dependent.id);
    agenda.push(...dispatchReady(draft, new Set([...created, ...dependents])));
  }
}

/**
 * Dispatches those of the steps that are ready; a batch among them starts its workers. Returns the ones that settled
 * instead: their values were refused, or the batch has no workers.
 */
export function dispatchReady(draft: Draft, ids: Iterable<string>): readonly StepState[] {
  if (draft.state.head.paused) return [];
  const ready = [...ids]
    .map((id) => draft.step(id))
    .filter((step) => step.status === 'pending' && step.unmet_dependencies === 0 && step.share === undefined)
    .filter((step) => !isPlanned(step));
  const batches = ready.filter((step) => step.batch !== undefined);
  const single = ready.filter((step) => step.batch === undefined);
  return [...dispatchAll(draft, single), ...batches.flatMap((batch) => advanceBatch(draft, batch))];
}

/** Dispatches a step whose wait is over; the worker of a batch queues for a slot. Returns what settled instead. */
export function dispatchWoken(draft: Draft, step: StepState): readonly StepState[] {
  if (step.share === undefined) return draft.state.head.paused ? [] : dispatchAll(draft, [step]);
  return advanceBatch(draft, batchOfWorker(draft.state, step));
}

/** Ends a batch that is over, or fills its window. Returns the batch, or the workers whose values were refused. */
export function advanceBatch(draft: Draft, batch: StepState): readonly StepState[] {
  if (batch.status !== 'pending' || batch.unmet_dependencies > 0) return [];
  const ended = judgeBatch(draft, batch);
  if (ended !== undefined) return [ended];
  const failed: StepState[] = [];
  for (const worker of startable(draft, batch.id)) {
    if (!dispatch(draft, worker)) failed.push(draft.step(worker.id));
  }
  return failed;
}

/** Dispatches steps that may run. Returns the ones that failed instead. */
export function dispatchAll(draft: Draft, steps: readonly StepState[]): readonly StepState[] {
  return steps.filter((step) => !dispatch(draft, step)).map((step) => draft.step(step.id));
}

/**
 * Dispatches one step that may run: a new attempt, or the same one when it wakes or found no worker. False when its
 * values were refused and it failed.
 */
function dispatch(draft: Draft, step: StepState): boolean {
  if (step.plan !== undefined) return dispatchCall(draft, step.id);
  const { at, env } = draft;
  const wakes = step.status === 'waiting_for_input';
  const sameAttempt = wakes || step.status === 'waiting_for_worker';
  const fence = {
    step_id: step.id,
    at,
    attempt: sameAttempt ? step.attempt : step.attempt + 1,
    activation: wakes ? step.activation + 1 : step.activation,
  };

  let pin = step.pin;
  if (pin === null) {
    const { handler_name, handler_range } = compiledOf(draft.state, step);
    pin = env.resolveHandler(handler_name, handler_range) ?? null;
    if (pin === null) {
      if (step.status !== 'waiting_for_worker') draft.emit({ kind: 'step_waiting_for_worker', ...fence, digest: null });
      return true;
    }
    draft.emit({ kind: 'step_pinned', step_id: step.id, at, pin });
  }
  // Values are checked before the first dispatch; they never change afterwards.
  if (step.enqueued_at === undefined) {
    const problems = valueProblems(draft, step, pin);
    if (problems.length > 0) {
      draft.emit({ kind: 'step_errored', ...fence, attempt: step.attempt, failure: valuesRefused(problems) });
      return false;
    }
  }
  draft.emit({ kind: 'step_enqueued', ...fence });
  return true;
}

/** What the pinned handler's schemas, or the size limit of resolved values, have against the step's values. */
function valueProblems({ state, env }: Draft, step: StepState, pin: HandlerPin): readonly string[] {
  try {
    const { config, inputs } = resolveDispatch(state, step);
    return env.checkDispatch(pin, config, inputs);
  } catch (error) {
    if (error instanceof WeftError && error.code === 'resolved_too_large') return [error.message];
    throw error;
  }
}

function valuesRefused(problems: readonly string[]): Failure {
  return {
    code: 'values_refused',
    message: `the resolved config and inputs do not meet the handler's schemas: ${problems.join('; ')}`,
    retryable: false,
    details: { problems },
  };
}

function failTask(draft: Draft, failed: StepState): void {
  cancelUnsettled(draft, `step "${failed.name}" failed and its on_failure is fail_task`);
  draft.emit({
    kind: 'task_status_changed',
    at: draft.at,
    to: 'error',
    reason: `step "${failed.name}" failed: ${failed.failure?.code ?? 'unknown'}`,
  });
}

/** Cancels every step that has not settled; what is in flight is fenced by that. */
export function cancelUnsettled(draft: Draft, reason: string): void {
  const unsettled = [...draft.state.steps.values()].filter(
    (step) => step.settled_at === undefined && step.status !== 'superseded',
  );
  for (const step of unsettled) draft.emit({ kind: 'step_cancelled', step_id: step.id, at: draft.at, reason });
}
