import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { TemplateGraph } from '../template/graph.ts';
import type { NarrowedLimits } from '../template/step_limits.ts';
import type { CompiledStep, EgressRule, OnFailure, RetryPolicy, StepType } from '../template/types.ts';
import type { ValidationEnvironment } from '../validation/pipeline.ts';
import type { SurroundingStep } from '../validation/review.ts';

export type { SurroundingStep };

/** Steps that a planner proposes, as it writes them: version 1.0 of the form. `FRAGMENT_SCHEMA` decides what is one. */
export interface Fragment {
  readonly fragment_version: '1.0';
  readonly planning_context: {
    readonly goal: string;
    readonly reasoning: string;
    readonly estimated_steps?: number;
    readonly estimated_depth?: number;
  };
  readonly steps: readonly FragmentStep[];
  readonly convergence: {
    /** Name of the one step that all others lead to; its result is the plan's output. */
    readonly exit_step: string;
  };
  /** What the planner says it needs at the most; held against what the fragment can come to. */
  readonly resource_bounds?: Partial<Readonly<Record<`max_${BoundName}`, number>>>;
}

/** A step of a fragment: as in a template, with its reason. Names are the fragment's own. */
export interface FragmentStep {
  readonly name: string;
  readonly type?: StepType;
  readonly title?: string;
  /** Why the step is there. */
  readonly reasoning: string;
  readonly handler: { readonly catalog: string; readonly config?: JsonObject };
  readonly inputs?: JsonObject;
  readonly dependencies?: readonly string[];
  readonly retry?: Partial<RetryPolicy>;
  readonly timeout_ms?: number;
  readonly limits?: NarrowedLimits;
  readonly on_failure?: OnFailure;
  /** Of a fan-out, which must have it: more items fail it. */
  readonly max_items?: number;
}

/** What is bounded, in the order of `FragmentBounds`. */
export const BOUND_NAMES = ['steps', 'depth', 'fan_out', 'calls', 'cost_usd'] as const;

export type BoundName = (typeof BOUND_NAMES)[number];

/** What running a fragment can come to at the most; the shape of `plan_accepted.bounds`. */
export interface FragmentBounds {
  /** Steps of the task: every step of the fragment, and each worker that its fan-outs may make. */
  readonly steps: number;
  /** Steps on the longest way through it. */
  readonly depth: number;
  /** Items of the widest fan-out; 0 without one. */
  readonly fan_out: number;
  /** Attempts of handlers, all of them used up. */
  readonly calls: number;
  /** What these attempts cost, by what the handlers say of themselves, in US dollars. */
  readonly cost_usd: number;
}

/** Where a fragment shall run: what it may use, and what it may refer to. */
export interface FragmentContext extends ValidationEnvironment {
  /** Of the frame; plugins see the first two. */
  readonly template: { readonly name: string; readonly namespace: string; readonly input_schema?: JsonObject };
  /** Name of the planning step. */
  readonly planning_step: string;
  /** Counts the plans of that step from 1. */
  readonly phase: number;
  /** Names of the handlers the planning step may use; all when absent. */
  readonly allowed_handlers?: readonly string[];
  /** Completed ancestors of the planning step. */
  readonly around: readonly SurroundingStep[];
  /** Of the template: a fragment has no grants of its own. */
  readonly grants: { readonly egress: readonly EgressRule[]; readonly secrets: readonly string[] };
  /** Of the planning step (`max_fragment_steps`, `max_fragment_depth`, `max_fan_out`, and what else is set). */
  readonly bounds: Partial<FragmentBounds>;
  /** What the task's budget has left; a dimension without limit is absent. */
  readonly remaining?: Partial<FragmentBounds>;
  /** What the planning step promises as `${plans.<name>.output}`. */
  readonly output_schema?: JsonObject;
}

/** A fragment that passed every check. */
export interface ValidFragment {
  /** As it was submitted. */
  readonly fragment: Fragment;
  /**
   * In the fragment's order, indexes and edges among themselves. Their definitions are ready to be stored: defaults
   * filled in, names, dependencies and references to each other as `<planning step>/<phase>/<name>`. What a decision
   * chooses stays local, since configs hold it as plain text: `<planning step>/<phase>/` goes before it.
   */
  readonly steps: readonly CompiledStep[];
  /** Index of the exit step. */
  readonly exit: number;
  /** Names are local; it is called `<planning step>/<phase>`. */
  readonly graph: TemplateGraph;
  readonly bounds: FragmentBounds;
  readonly warnings: readonly Diagnostic[];
}

/** What validation came to: the fragment, or why not, with every error of every stage. */
export type FragmentValidation =
  | { readonly ok: true; readonly valid: ValidFragment }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** A fragment as it comes: text of a model, or a document that something else has read. */
export type FragmentSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'document'; readonly document: Json };

/** Pure and total: any text and any JSON gets an answer; nothing is thrown for what is in it. */
export type ValidateFragment = (source: FragmentSource, context: FragmentContext) => FragmentValidation;
