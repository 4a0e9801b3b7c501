/**
 * The ledger: what a task may spend, has reserved and has spent.
 *
 * Invariants
 *  1. Nothing is spent that was not reserved before; what is reserved is taken from what is left, at once, so that two
 *     who spend at the same time cannot spend the same.
 *  2. Of every dimension with a limit, used and reserved together never exceed it, as long as nobody spends more than
 *     was reserved for it.
 *  3. A reservation is settled once, with what it really was; one whose end nobody knows is settled in full.
 */
import { type Amounts, BUDGET_DIMENSIONS, type BudgetDimension } from '../planning/budget.ts';
import type { Draft } from './draft.ts';
import type { BudgetEvent } from './events.ts';
import type { StepState, TaskHead, TaskState } from './state.ts';

/** The account of a task as a whole. */
export const TASK_ACCOUNT = 'task';

/** One account, replaced whole on every event. */
export interface Account {
  readonly limits: Amounts;
  readonly used: Amounts;
  /** What is reserved and not settled. */
  readonly open: Readonly<Record<string, Amounts>>;
}

/** What an account has left: of each limited dimension, never less than 0. */
export function leftOf({ limits, used, open }: Account): Amounts {
  const left: { [D in BudgetDimension]?: number } = {};
  for (const dimension of BUDGET_DIMENSIONS) {
    const limit = limits[dimension];
    if (limit === undefined) continue;
    const reserved = Object.values(open).reduce((sum, amounts) => sum + (amounts[dimension] ?? 0), 0);
    left[dimension] = Math.max(0, limit - (used[dimension] ?? 0) - reserved);
  }
  return left;
}

/** What the task has left; nothing is limited without a budget. `wall_clock_ms` is until its deadline. */
export function remaining({ head }: TaskState, now: number): Amounts {
  if (head.account === undefined) return {};
  const left = leftOf(head.account);
  const { wall_clock_ms } = head.account.limits;
  return wall_clock_ms === undefined
    ? left
    : { ...left, wall_clock_ms: Math.max(0, head.created_at + wall_clock_ms - now) };
}

/** Opens the task's account when its template sets a budget, charged with the steps of the frame. */
export function openAccount(draft: Draft): void {
  const { budget, steps } = draft.state.compiled.template;
  if (budget === undefined) return;
  const limits: Record<string, number> = {};
  for (const [key, value] of Object.entries(budget)) limits[DIMENSION_OF[key]!] = value as number;
  draft.emit({ kind: 'budget_opened', at: draft.at, account: TASK_ACCOUNT, parent: null, limits });
  charge(draft, 'frame', { steps: steps.length }, draft.state.head.id);
}

const DIMENSION_OF: Readonly<Record<string, BudgetDimension>> = {
  max_planning_phases: 'planning_phases',
  max_total_steps: 'steps',
  max_llm_calls: 'llm_calls',
  max_tokens: 'tokens',
  max_host_calls: 'host_calls',
  max_wall_clock_ms: 'wall_clock_ms',
  max_cost_usd: 'cost_usd',
};

/** Sets an amount aside. The caller has looked at what is left. */
export function reserve(draft: Draft, reservation: string, amounts: Amounts, stepId: string): void {
  if (draft.state.head.account === undefined) return;
  draft.emit({ kind: 'budget_reserved', at: draft.at, account: TASK_ACCOUNT, reservation, amounts, for: stepId });
}

/** Ends a reservation with what was really spent, or in full when that is not known. Does nothing when it has ended. */
export function settleReservation(draft: Draft, reservation: string, amounts?: Amounts): void {
  const reserved = draft.state.head.account?.open[reservation];
  if (reserved === undefined) return;
  draft.emit({
    kind: 'budget_settled',
    at: draft.at,
    account: TASK_ACCOUNT,
    reservation,
    amounts: amounts ?? reserved,
  });
}

/** Spends at once what needs no waiting. */
export function charge(draft: Draft, reservation: string, amounts: Amounts, stepId: string): void {
  reserve(draft, reservation, amounts, stepId);
  settleReservation(draft, reservation, amounts);
}

/** Whether a fan-out of the frame may have so many workers; those of a plan were counted with it, by their `max_items`. */
export function mayHaveWorkers({ state }: Draft, fanOut: StepState, workers: number): boolean {
  if (state.head.account === undefined || isPlannedStep(state, fanOut)) return true;
  return workers <= (leftOf(state.head.account).steps ?? workers);
}

/** Counts the workers of a fan-out of the frame. */
export function chargeWorkers(draft: Draft, fanOut: StepState, workers: number): void {
  if (!isPlannedStep(draft.state, fanOut)) charge(draft, `${fanOut.id}/workers`, { steps: workers }, fanOut.id);
}

function isPlannedStep({ compiled }: TaskState, { template_index }: StepState): boolean {
  return template_index >= compiled.steps.length;
}

/** Folds an event of the ledger. */
export function applyToAccount(head: TaskHead, event: BudgetEvent): void {
  if (event.kind === 'budget_opened') {
    head.account = { limits: event.limits, used: {}, open: {} };
    return;
  }
  const account = head.account!;
  if (event.kind === 'budget_reserved') {
    head.account = { ...account, open: { ...account.open, [event.reservation]: event.amounts } };
  }
  if (event.kind === 'budget_settled') {
    const { [event.reservation]: _settled, ...open } = account.open;
    head.account = { ...account, used: sum(account.used, event.amounts), open };
  }
}

function sum(a: Amounts, b: Amounts): Amounts {
  const total: { [D in BudgetDimension]?: number } = {};
  for (const dimension of BUDGET_DIMENSIONS) {
    const amount = (a[dimension] ?? 0) + (b[dimension] ?? 0);
    if (amount > 0) total[dimension] = amount;
  }
  return total;
}
