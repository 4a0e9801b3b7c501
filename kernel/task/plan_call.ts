import type { Amounts, BudgetDimension } from '../planning/budget.ts';
import type { CallCap } from '../planning/planner.ts';
import { planningOf } from '../template/planning.ts';
import type { PlanningFields } from '../template/types.ts';
import { remaining, reserve, TASK_ACCOUNT } from './budget.ts';
import type { Fence } from './commands.ts';
import type { Draft } from './draft.ts';
import type { Failure } from './events.ts';
import { compiledOf, type StepState, type TaskState } from './state.ts';

/** The fields of a planning step. */
export function planningFieldsOf(state: TaskState, step: StepState): PlanningFields {
  return planningOf(compiledOf(state, step).definition);
}

/** The planner that a planning step asks now; undefined once there is none left. */
export function plannerOf(state: TaskState, step: StepState): string | undefined {
  const { planner, fallback } = planningFieldsOf(state, step);
  return [planner, ...fallback][step.plan!.planner];
}

/** What the reservation of a call is named by. */
export function reservationOf({ step_id, attempt, activation }: Fence): string {
  return `${step_id}/${attempt}/${activation}`;
}

/**
 * Dispatches the next call of a planning step, with what it may spend set aside. When the budget does not allow it, the
 * planners that come after are tried; false when none is left and the step failed.
 */
export function dispatchCall(draft: Draft, id: string): boolean {
  for (;;) {
    const step = draft.step(id);
    const fence = nextFence(step);
    const planner = plannerOf(draft.state, step)!;
    const cap = draft.env.callCap(planner, planningFieldsOf(draft.state, step).model ?? null);
    if (cap === undefined) {
      if (step.status !== 'waiting_for_worker')
        draft.emit({ kind: 'step_waiting_for_worker', ...fence, at: draft.at, digest: null });
      return true;
    }
    const allowance = allowanceOf(cap, remaining(draft.state, draft.at));
    if ('lacks' in allowance) {
      if (giveUp(draft, step, exhausted(draft, allowance.lacks))) return false;
      continue;
    }
    reserve(draft, reservationOf(fence), allowance, id);
    draft.emit({ kind: 'step_enqueued', ...fence, at: draft.at });
    return true;
  }
}

/** A wake, a redelivery to another worker and a call after a refused plan cost no attempt. */
function nextFence(step: StepState): Fence {
  const goesOn = step.plan!.goes_on;
  const sameAttempt = goesOn || step.status === 'waiting_for_worker';
  return {
    step_id: step.id,
    attempt: sameAttempt ? Math.max(1, step.attempt) : step.attempt + 1,
    activation: goesOn ? step.activation + 1 : step.activation,
  };
}

/** What a call may spend: what it can at the most, or what is left when that is less; or what there is none left of. */
function allowanceOf(cap: CallCap, left: Amounts): Amounts | { readonly lacks: BudgetDimension } {
  if (left.wall_clock_ms === 0) return { lacks: 'wall_clock_ms' };
  const wanted = { planning_phases: 1, ...cap };
  const granted: { [D in BudgetDimension]?: number } = {};
  for (const [dimension, amount] of Object.entries(wanted) as [BudgetDimension, number][]) {
    if (amount === 0) continue;
    const available = left[dimension] ?? amount;
    const isWhole = dimension === 'planning_phases' || dimension === 'llm_calls';
    if (available <= 0 || (isWhole && available < amount)) return { lacks: dimension };
    granted[dimension] = Math.min(amount, available);
  }
  return granted;
}

/** Journals that a dimension is spent, and gives the failure that this is. */
export function exhausted(draft: Draft, dimension: BudgetDimension): Failure {
  draft.emit({ kind: 'budget_exhausted', at: draft.at, account: TASK_ACCOUNT, dimension });
  const limit = draft.state.head.account!.limits[dimension]!;
  return {
    code: 'budget_exhausted',
    message: `the task's budget of ${limit} ${dimension} does not allow it`,
    retryable: false,
    details: { dimension, limit, used: draft.state.head.account!.used[dimension] ?? 0 },
  };
}

/** Goes on to the next planner, or ends the step when there is none: true then. */
export function giveUp(draft: Draft, step: StepState, failure: Failure): boolean {
  const { id: step_id, attempt, activation, plan } = step;
  const { planner, fallback } = planningFieldsOf(draft.state, step);
  const next = [planner, ...fallback][plan!.planner + 1];
  const at = draft.at;
  if (next === undefined) {
    draft.emit({ kind: 'step_errored', step_id, at, attempt, activation, failure });
    return true;
  }
  draft.emit({ kind: 'plan_fell_back', step_id, at, attempt, call: plan!.calls, planner: next, failure });
  return false;
}
