import { filterCatalog, tier } from '../capability/tiers.ts';
import type { CatalogEntry } from '../capability/types.ts';
import type { Amounts } from '../planning/budget.ts';
import type { PlanContextItem, PlanRequest } from '../planning/planner.ts';
import { contextItem } from '../planning/summarize.ts';
import { localName } from '../reference/names.ts';
import { remaining } from './budget.ts';
import { resolveDispatch, resultsOf } from './dispatch_input.ts';
import { planningFieldsOf, reservationOf } from './plan_call.ts';
import { type StepState, stepNamed, type TaskState } from './state.ts';

/** What the planner of a dispatched planning step is asked. `catalog` has the newest version of a name first. */
export function planRequest(
  state: TaskState,
  step: StepState,
  catalog: readonly CatalogEntry[],
  now: number,
): PlanRequest {
  const fields = planningFieldsOf(state, step);
  const { template } = state.compiled;
  const names = fields.catalog ?? template.catalog;
  const { calls, refused, feedback } = step.plan!;
  const fence = { step_id: step.id, attempt: step.attempt, activation: step.activation };
  const reserved = state.head.account?.open[reservationOf(fence)];
  return {
    task_id: state.head.id,
    step_id: step.id,
    step_name: step.name,
    attempt: step.attempt,
    call: calls,
    model: fields.model ?? null,
    goal: goalOf(state, step),
    context: contextOf(state, step),
    catalog: filterCatalog(newest(catalog), names === undefined ? {} : { names }).map((entry) => tier(entry, 2)),
    constraints: {
      bounds: fields.bounds,
      remaining: withOwn(remaining(state, now), reserved),
      allowance: {
        tokens: reserved?.tokens ?? Number.MAX_SAFE_INTEGER,
        cost_usd: reserved?.cost_usd ?? Number.MAX_SAFE_INTEGER,
      },
      attempts: { current: refused + 1, max: fields.max_attempts },
      output_schema: fields.output_schema ?? null,
      egress: template.egress,
      secrets: template.secrets,
    },
    feedback,
  };
}

function goalOf(state: TaskState, step: StepState): string {
  const { goal } = resolveDispatch(state, step).config as { readonly goal: unknown };
  return typeof goal === 'string' ? goal : JSON.stringify(goal);
}

/** What is left besides this call, which already has its share. */
function withOwn(left: Amounts, reserved: Amounts | undefined): Amounts {
  if (reserved === undefined) return left;
  const { planning_phases, ...rest } = left;
  return planning_phases === undefined ? rest : { ...rest, planning_phases: planning_phases + 1 };
}

/** The task's context, then the results of the steps that the planner shall see. */
function contextOf(state: TaskState, step: StepState): readonly PlanContextItem[] {
  const { context_from, context_strategy } = planningFieldsOf(state, step);
  const full = context_strategy === 'full';
  const names = context_from ?? step.dependencies.map((id) => state.steps.get(id)!.name);
  const results = names.flatMap((name): PlanContextItem[] => {
    const found = stepNamed(state, name);
    if (found === undefined) return [];
    const own = localName(name);
    if (found.batch !== undefined) return [contextItem(`steps.${own}.results`, resultsOf(state, found), full)];
    if (found.plan !== undefined) return [contextItem(`plans.${own}.output`, found.result ?? null, full)];
    return [contextItem(`steps.${own}.result`, found.result ?? null, full)];
  });
  return context_strategy === 'selective'
    ? results
    : [contextItem('task.context', state.head.context, full), ...results];
}

/** The newest version of each handler: what a name without a range means. */
function newest(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  const first = new Map<string, CatalogEntry>();
  for (const entry of entries) if (!first.has(entry.name)) first.set(entry.name, entry);
  return [...first.values()];
}
