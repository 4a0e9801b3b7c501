/**
 * The planning step: a step whose result is the output of steps that a planner proposes while the task runs.
 *
 *   pending ──► enqueued ──► plan_answered ──► plan_rejected ──► pending ──► enqueued … (the next call, with feedback)
 *                  │                │          plan_fell_back ─┘             (another planner)
 *                  │                ├──► step_suspended ──► plan_accepted | plan_rejected      (`plan_approval: always`)
 *                  │                ├──► step_errored                        (no planner is left, the budget, …)
 *                  │                └──► plan_accepted ──► pending ──► plan_converged ──► complete
 *                  └──► step_retry_scheduled | plan_fell_back | step_errored (the call failed)
 *
 * Invariants
 *  1. One dispatch is one call of one planner. Its answer is recorded once, with what was made of it, in one commit:
 *     an answer that is recorded is never asked for again, and a plan becomes all of its steps or none.
 *  2. A call that may have been made and was not recorded is charged in full and never waited for again.
 *  3. An accepted planning step is `pending` and not dispatched any more, until the exit step of its plan is over. So
 *     what depends on the planning step, its `convergence_target` first of all, waits for the plan.
 *  4. A plan is asked for at most `max_attempts` times of each planner, not counting calls that failed, of which the
 *     retry policy allows so many.
 *  5. Every call, and every accepted plan, is reserved in the ledger before it is made (`budget.ts`).
 */

import type { StepEvent } from './events.ts';
import type { Plan, StepState } from './state.ts';

/** A planning step of which nothing has happened. */
export const NO_PLAN: Plan = {
  calls: 0,
  planner: 0,
  refused: 0,
  goes_on: false,
  feedback: [],
  accepted: undefined,
};

/** So many refused answers a planner is shown again. */
const FEEDBACK_MAX = 3;

/** The plan of a step after an event of the step; part of the fold. */
export function planAfter(before: StepState, event: StepEvent): Plan | undefined {
  const { plan } = before;
  if (plan === undefined) return undefined;
  switch (event.kind) {
    case 'step_enqueued':
      return { ...plan, calls: plan.calls + 1, goes_on: false };
    case 'plan_rejected': {
      const { call, answer, diagnostics } = event;
      const feedback = [...plan.feedback, { call, answer, diagnostics }].slice(-FEEDBACK_MAX);
      return { ...plan, refused: plan.refused + (isQuestion(event) ? 0 : 1), goes_on: true, feedback };
    }
    case 'plan_fell_back':
      return { ...plan, planner: plan.planner + 1, refused: 0, goes_on: true };
    case 'plan_call_lost':
      return { ...plan, goes_on: true };
    case 'plan_accepted': {
      const { call, phase, fragment_id, fragment, bounds } = event;
      return { ...plan, goes_on: false, feedback: [], accepted: { call, phase, fragment_id, fragment, bounds } };
    }
    case 'step_retried_by_operator':
      return before.status === 'error' ? { ...plan, planner: 0, refused: 0, goes_on: false } : plan;
    default:
      return plan;
  }
}

/** Whether an answer was a question of the model's, for which there is nothing to refuse. */
export function isQuestion({ diagnostics }: { readonly diagnostics: readonly unknown[] }): boolean {
  return diagnostics.length === 0;
}

/** Whether a step has a plan that became steps. */
export function isPlanned({ plan }: StepState): boolean {
  return plan?.accepted !== undefined;
}

/** Whether a person is asked about a plan that is ready. */
export function isProposed({ plan, status }: StepState): boolean {
  return plan !== undefined && status === 'waiting_for_input';
}
