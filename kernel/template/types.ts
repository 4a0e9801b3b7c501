import type { Json, JsonObject } from '../json.ts';
import type { NarrowedLimits } from './step_limits.ts';

/** What a step does in the graph; every kind has the same lifecycle. */
export type StepType = 'standard' | 'decision' | 'deferred' | 'batchable' | 'batch_worker' | 'planning';

/** How often and how patiently a step is tried again. All times in milliseconds. */
export interface RetryPolicy {
  /** Counts the first try; at least 1. */
  readonly max_attempts: number;
  readonly backoff: 'none' | 'linear' | 'exponential';
  readonly base_ms: number;
  readonly max_ms: number;
  /** 0 … 1: the share of the delay that the (deterministic) jitter may take away. */
  readonly jitter: number;
}

/** What a step's final failure means for the task. */
export type OnFailure = 'block' | 'continue' | 'fail_task';

/** Which handler performs a step, and with what configuration. */
export interface HandlerReference {
  /** `name` or `name@range` (npm semver range). */
  readonly catalog: string;
  readonly config: JsonObject;
  /**
   * JSON pointers into `config` below which `${` is text of the handler's own and no reference. Written by the
   * compiler from the handler's `x-weft-literal` marks, so that a stored template means the same without a catalog.
   */
  readonly literals?: readonly string[];
}

/** What a planning step says instead of a handler. */
export interface PlanningFields {
  /** Name of the planner that is asked first. */
  readonly planner: string;
  /** Planners that are asked, in order, once the one before has failed for good. */
  readonly fallback: readonly string[];
  /** What the plan is to achieve; references are filled in before each call. */
  readonly goal: string;
  /** Names of the steps whose results the planner is shown; the direct dependencies when absent. */
  readonly context_from?: readonly string[];
  readonly context_strategy: 'full' | 'summarized' | 'selective';
  /** Names of the handlers that plans may use; those of the template when absent. */
  readonly catalog?: readonly string[];
  /** The step of the frame that the plan leads to; it depends on the planning step. */
  readonly convergence_target?: string;
  /** JSON Schema of `${plans.<step>.output}`; anything when absent. */
  readonly output_schema?: JsonObject;
  readonly bounds: {
    readonly max_fragment_steps: number;
    readonly max_fragment_depth: number;
    readonly max_fan_out: number;
  };
  /** Plans that are asked for of each planner; at least 1. */
  readonly max_attempts: number;
  readonly plan_approval: 'never' | 'always';
  /** The model that the planner shall use; left to the planner when absent. */
  readonly model?: string;
}

/** One step of a template, defaults filled in. */
export interface StepDefinition extends Partial<PlanningFields> {
  readonly name: string;
  readonly type: StepType;
  readonly title?: string;
  /** Of a planning step: its planner, and the goal as the config, so that references are filled in alike. */
  readonly handler: HandlerReference;
  /** Absent: an object with the result of each direct dependency under its name. */
  readonly inputs?: JsonObject;
  readonly dependencies: readonly string[];
  readonly retry: RetryPolicy;
  /** From the claim of an attempt, in milliseconds. */
  readonly timeout_ms: number;
  /** Narrower than the operator's and the template's; more than theirs changes nothing. */
  readonly limits?: NarrowedLimits;
  readonly on_failure: OnFailure;
  /** Of a fan-out: more items fail it. No limit but the engine's when absent. */
  readonly max_items?: number;
}

/** Where a template's steps may connect to; both this and the operator's list must allow a request. */
export interface EgressRule {
  /** `https` when absent. */
  readonly scheme?: 'http' | 'https';
  /** A host name, an IP literal, or `*.` and a domain. */
  readonly host: string;
  /** The scheme's default when absent. */
  readonly port?: number;
  /** Any when absent. */
  readonly methods?: readonly string[];
  /** A path prefix that ends at a segment; any when absent. */
  readonly path?: string;
}

/** A workflow's authored frame, defaults filled in. */
export interface Template {
  readonly name: string;
  readonly namespace: string;
  readonly version: string;
  readonly description: string;
  /** JSON Schema 2020-12 of the task context; anything when absent. */
  readonly input_schema?: JsonObject;
  /** Names of the handlers the template may use; all when absent. */
  readonly catalog?: readonly string[];
  readonly egress: readonly EgressRule[];
  /** Names of the secrets its steps may refer to. */
  readonly secrets: readonly string[];
  /** For every step, narrower than the operator's. */
  readonly limits?: NarrowedLimits;
  /** Task budget dimensions (design: recursion and budgets); kept as authored, enforced with planning. */
  readonly budget?: JsonObject;
  readonly steps: readonly StepDefinition[];
}

/** A template that passed every check, with its graph laid out by index. */
export interface CompiledTemplate {
  /** `sha256:<hex>` over the canonical JSON of `template`; given by the host, which owns hashing. */
  readonly digest: string;
  readonly template: Template;
  /** In template order; a step's index is its position and never changes. */
  readonly steps: readonly CompiledStep[];
  readonly index_of: ReadonlyMap<string, number>;
}

/** A step of a compiled template. */
export interface CompiledStep {
  readonly index: number;
  readonly definition: StepDefinition;
  readonly handler_name: string;
  readonly handler_range: string;
  readonly dependencies: readonly number[];
  readonly dependents: readonly number[];
  /** True when a decision, directly or through others, settles whether the step is created at all. */
  readonly gated: boolean;
  readonly config: CompiledValue;
  readonly inputs: CompiledValue;
}

/** A JSON value whose references were parsed once; `resolveValue` fills them in. */
export type CompiledValue =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'text'; readonly parts: readonly (string | Reference)[] }
  | { readonly kind: 'array'; readonly items: readonly CompiledValue[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, CompiledValue])[] };

/** A parsed `${…}`. */
export interface Reference {
  readonly source: string;
  readonly root:
    | { readonly kind: 'task_context' }
    | { readonly kind: 'task_id' }
    | { readonly kind: 'step'; readonly step: string; readonly part: 'result' | 'results' | 'status' | 'error' }
    | { readonly kind: 'plan'; readonly step: string }
    | { readonly kind: 'batch_item' }
    | { readonly kind: 'batch_index' }
    | { readonly kind: 'secret'; readonly name: string };
  readonly path: readonly (string | number)[];
}
