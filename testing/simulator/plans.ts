import { Catalog, satisfies } from '../../host/catalog/catalog.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import type { Capability } from '../../kernel/capability/types.ts';
import { validateFragment } from '../../kernel/fragment/validate.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { BUDGET_DIMENSIONS } from '../../kernel/planning/budget.ts';
import type { CallCap } from '../../kernel/planning/planner.ts';
import { remaining } from '../../kernel/task/budget.ts';
import type { Command, Environment, Fence } from '../../kernel/task/commands.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import { planRequest } from '../../kernel/task/plan_request.ts';
import type { TaskState } from '../../kernel/task/state.ts';
import { PLANNING_DEFAULTS } from '../../kernel/template/planning.ts';
import type { StepDefinition, Template } from '../../kernel/template/types.ts';
import { generateTemplate } from './generate.ts';
import type { Random } from './random.ts';
import type { Temper } from './temper.ts';

const PLANNERS = ['wild', 'tame'];
const CAP: CallCap = { llm_calls: 1, tokens: 100, cost_usd: 0.5 };
const FAN_OUT_MAX = 30;

const compiler = hostSchemaCompiler();
const catalog = new Catalog();
for (const name of ['simulated', 'rare', 'picky']) {
  const open = { type: 'object' };
  const capability = {
    name,
    version: '1.0.0',
    title: name,
    description: name,
    category: 'test',
    configSchema: open,
    inputSchema: open,
    outputSchema: {},
    annotations: {},
    errors: [],
    imports: [],
    resources: { network: false, typicalLatencyMs: 0, memoryMb: 1, costPerCallUsd: 0 },
    composition: { usedWith: [], examples: [] },
  } satisfies Capability;
  catalog.register({ name, version: '1.0.0', digest: `sha256:${name}`, capability });
}

/** What the kernel asks about plans, answered by the validation that the engine uses. */
export const PLAN_ENVIRONMENT: Pick<Environment, 'checkOutput' | 'outputSchema' | 'callCap' | 'validatePlan'> = {
  checkOutput: (schema, output) => {
    const compiled = compiler.compile(schema);
    return compiled.ok ? compiled.check(output).map(({ message }) => message) : ['unusable'];
  },
  outputSchema: () => undefined,
  callCap: (planner) => (PLANNERS.includes(planner) ? CAP : undefined),
  validatePlan: (text, { task_id: _, ...place }) =>
    validateFragment({ kind: 'text', text }, { ...place, catalog: catalog.entries(), satisfies, compiler }),
};

/** A random frame, some of whose steps ask a planner, with a budget that may be too small for them. */
export function generatePlanningTemplate(random: Random): Template {
  const template = generateTemplate(random);
  const steps = template.steps.map((step, index): StepDefinition => {
    const isFree =
      step.type === 'standard' &&
      !template.steps.some(({ type, dependencies }) => type === 'batch_worker' && dependencies.includes(step.name));
    return isFree && (index === 0 || random.chance(0.4)) ? planningStep(random, step) : step;
  });
  const budget = {
    ...(random.chance(0.5) ? { max_llm_calls: random.below(12) } : {}),
    ...(random.chance(0.5) ? { max_tokens: random.below(600) } : {}),
    ...(random.chance(0.5) ? { max_total_steps: steps.length + random.below(150) } : {}),
    ...(random.chance(0.3) ? { max_planning_phases: random.below(4) } : {}),
    ...(random.chance(0.3) ? { max_cost_usd: random.below(4) } : {}),
    ...(random.chance(0.1) ? { max_wall_clock_ms: 1 + random.below(200_000) } : {}),
  };
  return { ...template, steps, ...(random.chance(0.7) ? { budget } : {}) };
}

function planningStep(random: Random, step: StepDefinition): StepDefinition {
  return {
    ...PLANNING_DEFAULTS,
    ...step,
    type: 'planning',
    planner: 'wild',
    fallback: random.chance(0.5) ? ['tame'] : [],
    goal: 'whatever',
    handler: { catalog: 'wild', config: { goal: 'whatever' } },
    bounds: { max_fragment_steps: 200, max_fragment_depth: 20, max_fan_out: FAN_OUT_MAX },
    max_attempts: 1 + random.below(3),
    plan_approval: random.chance(0.2) ? 'always' : 'never',
    ...(random.chance(0.1) ? { output_schema: { type: 'object', required: ['never'] } } : {}),
  };
}

/** How a simulated call of a planner ends: with a plan, sound or not, with nonsense, or not at all. */
export function answerPlan(random: Random, temper: Temper, state: TaskState, fence: Fence, at: number): Command {
  const step = state.steps.get(fence.step_id)!;
  const isCurrent =
    step.attempt === fence.attempt && step.activation === fence.activation && step.status === 'enqueued';
  const request = isCurrent ? planRequest(state, step, catalog.entries(), at) : undefined;
  const tokens = Math.min(CAP.tokens, request?.constraints.allowance.tokens ?? 0);
  const cost = Math.min(CAP.cost_usd, request?.constraints.allowance.cost_usd ?? 0);
  const usage = {
    input_tokens: random.below(tokens + 1),
    output_tokens: 0,
    cache_read_tokens: 0,
    cost_usd: random.pick([0, cost / 2, cost]),
  };
  if (random.chance(temper.unavailable)) return { kind: 'record_unavailable', at, ...fence };
  if (random.chance(temper.failure)) {
    const failure = { code: 'simulated', message: 'it failed', retryable: random.chance(temper.retryable) };
    return { kind: 'record_failure', at, ...fence, failure, ...(random.chance(0.5) ? { usage } : {}) };
  }
  const text = random.chance(0.15) ? 'nonsense' : JSON.stringify(fragment(random));
  const blob = { blob: `sha256:${step.plan!.calls}`, bytes: text.length, media_type: 'application/json' };
  const stop_reason = random.pick(['end', 'end', 'end', 'end', 'end', 'end', 'max_tokens', 'refusal']);
  const answer = { text, blob, prompt: blob, planner: 'wild', model: null, stop_reason, usage, latency_ms: 1 };
  return { kind: 'record_plan_answer', at, ...fence, answer };
}

/** A random fragment: a random frame whose loose ends are gathered by an exit. Some are not what validation accepts. */
function fragment(random: Random): JsonObject {
  const { steps } = generateTemplate(random);
  const written = steps.map((step): JsonObject => {
    const { name, handler, dependencies, retry, on_failure } = step;
    const hasDependents = steps.some((other) => other.dependencies.includes(name));
    const type = step.type === 'decision' && !hasDependents ? 'standard' : step.type;
    return {
      name,
      type,
      reasoning: 'chance',
      handler: { catalog: handler.catalog, config: {} },
      dependencies: [...dependencies],
      retry: { ...retry },
      on_failure,
      ...(type === 'batchable' ? { max_items: FAN_OUT_MAX } : {}),
    };
  });
  const loose = written.flatMap(({ name }) =>
    steps.some(({ dependencies }) => dependencies.includes(name as string)) ? [] : [name as string],
  );
  const exit = {
    name: 'exit',
    type: random.chance(0.8) ? 'deferred' : 'standard',
    reasoning: 'an end',
    handler: { catalog: 'simulated', config: {} },
    dependencies: random.chance(0.9) ? loose : loose.slice(1),
  };
  return {
    fragment_version: '1.0',
    planning_context: { goal: 'whatever', reasoning: 'chance' },
    steps: [...written, exit],
    convergence: { exit_step: random.chance(0.97) ? 'exit' : 'nobody' },
  };
}

/** What became of the plans of a task. */
export type PlanSituation = (typeof PLAN_SITUATIONS)[number];

export const PLAN_SITUATIONS = [
  'plan accepted',
  'plan refused',
  'plan proposed to a person',
  'plan converged',
  'planner fell back',
  'call lost',
  'budget exhausted',
  'decision in a plan',
  'workers in a plan',
] as const;

/**
 * Holds a journal, and the state that it led to, against what planning promises.
 * @throws Error naming the first promise that was broken
 */
export function auditPlans(journal: readonly JournalEntry[], state: TaskState): ReadonlySet<PlanSituation> {
  const seen = new Set<PlanSituation>();
  const answered = new Set<string>();
  for (const { events } of journal) {
    for (const [at, event] of events.entries()) {
      if (event.kind === 'plan_answered') {
        const call = `${event.step_id}/${event.call}`;
        if (answered.has(call)) throw new Error(`broken: call ${call} is answered once`);
        answered.add(call);
        const judged = events
          .slice(at)
          .some(({ kind }) =>
            ['plan_accepted', 'plan_rejected', 'plan_fell_back', 'step_errored', 'step_suspended'].includes(kind),
          );
        if (!judged) throw new Error(`broken: the answer to ${call} is judged in the commit that records it`);
      }
      if (event.kind === 'plan_accepted') {
        seen.add('plan accepted');
        if (event.gated.length > 0) seen.add('decision in a plan');
        const created = events.flatMap((each) => (each.kind === 'steps_created' ? each.steps : []));
        const own = created.filter(
          ({ provenance }) =>
            provenance.planning_step_id === event.step_id && provenance.created_by === 'planning_step',
        );
        if (own.length !== event.size - event.gated.length) {
          throw new Error(`broken: plan ${event.fragment_id} becomes all of its steps, or none`);
        }
      }
      if (event.kind === 'plan_rejected') seen.add('plan refused');
      if (event.kind === 'plan_converged') seen.add('plan converged');
      if (event.kind === 'plan_fell_back') seen.add('planner fell back');
      if (event.kind === 'plan_call_lost') seen.add('call lost');
      if (event.kind === 'budget_exhausted') seen.add('budget exhausted');
      if (event.kind === 'step_suspended' && state.steps.get(event.step_id)!.plan !== undefined) {
        seen.add('plan proposed to a person');
      }
    }
  }
  for (const { share, template_index } of state.steps.values()) {
    if (share !== undefined && template_index >= state.compiled.steps.length) seen.add('workers in a plan');
  }
  return seen;
}

/** @throws Error when more was spent or set aside than the budget allows */
export function checkBudget(state: TaskState, now: number): void {
  const { account } = state.head;
  if (account === undefined) return;
  for (const dimension of BUDGET_DIMENSIONS) {
    const limit = account.limits[dimension];
    if (limit === undefined || dimension === 'wall_clock_ms') continue;
    const open = Object.values(account.open).reduce((sum, amounts) => sum + (amounts[dimension] ?? 0), 0);
    const spent = (account.used[dimension] ?? 0) + open;
    if (spent > limit) throw new Error(`broken: ${spent} of ${limit} ${dimension} are spent or set aside`);
  }
  if (Object.values(remaining(state, now)).some((left) => left! < 0))
    throw new Error('broken: less than nothing is left');
}
