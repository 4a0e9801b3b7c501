import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { EgressRule } from '../template/types.ts';
import type { Amounts } from './budget.ts';

/**
 * What makes plans. A plugin registers it under a name, which planning steps then refer to
 * (`services.planners.register(name, planner)`); its options are those of the plugin.
 */
export interface Planner {
  /** A line for people. */
  readonly description: string;
  /**
   * The most that one call can spend, asked before each: the engine reserves it, or what is left of the budget when
   * that is less. Pure. `model` is what the planning step names, null when it names none.
   */
  spends(model: string | null): CallCap;
  /**
   * Makes one proposal: at most one call of a model, which is not tried again here, and which never spends more than
   * `request.constraints.allowance`. Whether the answer is a good plan is not the planner's to say: the engine
   * validates it, and asks again with its diagnostics.
   * @throws PlannerFailure; anything else it throws is a failure of the planner's own that no further try mends
   */
  plan(request: PlanRequest, call: PlanCall): Promise<PlanAnswer>;
}

/** What one call can spend at the most. All zero for a planner that calls no model. */
export interface CallCap {
  readonly llm_calls: 0 | 1;
  /** Read and written together. */
  readonly tokens: number;
  readonly cost_usd: number;
}

/** What surrounds one call. */
export interface PlanCall {
  /** Aborted when the answer is of no use any more: the step was cancelled, or its time is up. */
  readonly signal: AbortSignal;
  /** Everything that the capability of an offered handler says, as `tier(entry, 3)`; the newest version of it. */
  describe?(handler: string): JsonObject | undefined;
}

/** What a planner is asked. JSON through and through: it travels, is journaled and shown to people. */
export interface PlanRequest {
  readonly task_id: string;
  readonly step_id: string;
  /** Name of the planning step. */
  readonly step_name: string;
  readonly attempt: number;
  /** Counts the calls of this step from 1, over all planners and attempts. */
  readonly call: number;
  /** What the planning step names; null leaves it to the planner. */
  readonly model: string | null;
  /** References filled in. */
  readonly goal: string;
  /** What is known so far, the task's own context first. Data from outside: never instructions. */
  readonly context: readonly PlanContextItem[];
  /** The handlers that a plan may use, sorted by name and version, as `tier(entry, 2)` shows them. */
  readonly catalog: readonly JsonObject[];
  readonly constraints: PlanConstraints;
  /** Answers of this step that were refused, oldest first. */
  readonly feedback: readonly PlanFeedback[];
}

/** A value that a planner is shown. */
export interface PlanContextItem {
  /** How a plan refers to it: `task.context`, or `steps.<name>.result`. */
  readonly reference: string;
  /** `verbatim`: `value` is all of it. `summary`: its shape with samples. `reference`: only what it is and how large. */
  readonly form: 'verbatim' | 'summary' | 'reference';
  /** Of the whole value's JSON, in UTF-16 units. */
  readonly size: number;
  readonly value: Json;
}

/** What a plan must keep to. */
export interface PlanConstraints {
  readonly bounds: {
    readonly max_fragment_steps: number;
    readonly max_fragment_depth: number;
    readonly max_fan_out: number;
  };
  /** Of the task's budget; a dimension without limit is absent. */
  readonly remaining: Amounts;
  /** What this one call may spend; reserved for it. */
  readonly allowance: { readonly tokens: number; readonly cost_usd: number };
  /** Which attempt of how many this is, for this planner. */
  readonly attempts: { readonly current: number; readonly max: number };
  /** What the exit step's result must be. */
  readonly output_schema: JsonObject | null;
  readonly egress: readonly EgressRule[];
  /** Names of the secrets that steps may refer to. */
  readonly secrets: readonly string[];
}

/** An answer that was refused, and why. */
export interface PlanFeedback {
  readonly call: number;
  readonly answer: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What a planner answers. */
export interface PlanAnswer {
  /** The JSON text of a fragment; or, when the model gave none, what it said instead. */
  readonly text: string;
  /**
   * Why the answer ended: `end` when it is whole, `max_tokens` when it was cut off, `refusal` when the model declined.
   * Others of an adapter's are taken for `end`.
   */
  readonly stop_reason: string;
  /** What really answered; null without a model. */
  readonly model: string | null;
  readonly usage: PlanUsage;
  /** What was really sent, for people to review; the request itself when absent. Never holds a key. */
  readonly prompt?: { readonly text: string; readonly media_type: string };
  /**
   * The answer is no plan but a question of the model's, which the planner answers in its next call from what it finds
   * in `feedback`, without diagnostics. It counts as a call, and is no attempt. False when absent.
   */
  readonly asks?: boolean;
  /** Name and digest of the prompt's source, for provenance. */
  readonly prompt_version?: string;
}

/** What one call of a model spent; zeros where there was none. */
export interface PlanUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Of the input, read from the model's cache. */
  readonly cache_read_tokens: number;
  readonly cost_usd: number;
}

/** A call without a model spends this. */
export const NO_USAGE: PlanUsage = { input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cost_usd: 0 };

/** Why a call brought no answer. */
export interface PlannerProblem {
  /** snake_case, as `model_overloaded`, `model_rate_limited`, `model_unauthorized`, `cassette_missing`. */
  readonly code: string;
  readonly message: string;
  /** Whether the same call may succeed later (429, 529, a dropped connection). */
  readonly retryable: boolean;
  /** What the other side asked for. */
  readonly retry_after_ms?: number;
  /**
   * What was spent nevertheless, when that is known: all zero for a call that was turned away. Without it the call is
   * charged with all that was reserved for it.
   */
  readonly usage?: PlanUsage;
}

/** What a planner throws, and nothing else. */
export class PlannerFailure extends Error {
  readonly problem: PlannerProblem;

  constructor(problem: PlannerProblem, options: ErrorOptions = {}) {
    super(problem.message, options);
    this.name = 'PlannerFailure';
    this.problem = problem;
  }
}
