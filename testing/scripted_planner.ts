import type { Json, JsonObject } from '../kernel/json.ts';
import {
  type CallCap,
  NO_USAGE,
  type PlanAnswer,
  type Planner,
  PlannerFailure,
  type PlannerProblem,
  type PlanRequest,
  type PlanUsage,
} from '../kernel/planning/planner.ts';

/** What a scripted planner does in one call. */
export type Scripted =
  | { readonly fragment: Json; readonly usage?: PlanUsage }
  | { readonly text: string; readonly stop_reason?: string; readonly usage?: PlanUsage }
  | { readonly problem: PlannerProblem };

/** A planner that does what its script says, call by call; the last entry again once it is over. Counts its calls. */
export class ScriptedPlanner implements Planner {
  readonly description = 'scripted';
  /** What it was asked, in order. */
  readonly requests: PlanRequest[] = [];
  readonly #script: readonly Scripted[];
  readonly #cap: CallCap;

  constructor(script: readonly Scripted[], cap: CallCap = { llm_calls: 0, tokens: 0, cost_usd: 0 }) {
    this.#script = script;
    this.#cap = cap;
  }

  spends(): CallCap {
    return this.#cap;
  }

  async plan(request: PlanRequest): Promise<PlanAnswer> {
    const step = this.#script[Math.min(this.requests.length, this.#script.length - 1)]!;
    this.requests.push(request);
    if ('problem' in step) throw new PlannerFailure(step.problem);
    const text = 'text' in step ? step.text : JSON.stringify(step.fragment);
    const stop_reason = 'text' in step ? (step.stop_reason ?? 'end') : 'end';
    return { text, stop_reason, model: null, usage: step.usage ?? NO_USAGE };
  }
}

/** A step of a fragment, as a planner writes it. */
export function planned(name: string, rest: Readonly<Record<string, Json>> = {}): JsonObject {
  const { catalog = 'noop', config = {}, ...others } = rest;
  return { name, reasoning: `because of ${name}`, handler: { catalog, config }, ...others };
}

/** A fragment of these steps; the last one is its exit. */
export function fragmentOf(...steps: readonly JsonObject[]): JsonObject {
  return {
    fragment_version: '1.0',
    planning_context: { goal: 'a goal', reasoning: 'a reason' },
    steps,
    convergence: { exit_step: steps.at(-1)!['name']! },
  };
}
