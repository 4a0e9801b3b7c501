import type { BlobRef } from '../blob_ref.ts';
import type { FragmentContext, FragmentValidation } from '../fragment/types.ts';
import type { Json, JsonObject } from '../json.ts';
import type { CallCap, PlanUsage } from '../planning/planner.ts';
import type { Failure, HandlerPin, OperatorAct, Principal, Receipt, SuspensionRequest } from './events.ts';

/** How a handler's run ended well; the JSON form of WIT `outcome`. */
export type Outcome =
  | { readonly kind: 'complete'; readonly result: Json }
  | { readonly kind: 'branch'; readonly steps: readonly string[]; readonly result: Json }
  | {
      readonly kind: 'batches';
      readonly items: readonly Json[];
      readonly max_concurrency: number;
      readonly result: Json;
    }
  | {
      readonly kind: 'suspend';
      readonly state: Json;
      readonly request: SuspensionRequest;
      readonly signals: Json;
      readonly deadlines: readonly { readonly name: string; readonly after_ms: number }[];
    };

/** Names one dispatch: the first result of the current (attempt, activation) wins, all others change nothing. */
export interface Fence {
  readonly step_id: string;
  readonly attempt: number;
  readonly activation: number;
}

/** A planner's answer, and where its texts are kept. */
export interface RecordedAnswer {
  readonly text: string;
  /** It is a question that the planner itself answers in its next call. */
  readonly asks?: boolean;
  readonly blob: BlobRef;
  readonly prompt: BlobRef;
  readonly planner: string;
  readonly model: string | null;
  readonly stop_reason: string;
  readonly usage: PlanUsage;
  readonly latency_ms: number;
}

/** Where a plan shall become steps: what the kernel knows of it. */
export type PlanPlace = Omit<FragmentContext, 'catalog' | 'satisfies' | 'compiler' | 'hooks'> & {
  readonly task_id: string;
};

/** What a task may be told. `at` is the only clock the kernel knows: milliseconds since 1970. */
export type Command =
  | {
      readonly kind: 'create';
      readonly at: number;
      readonly task_id: string;
      readonly context: JsonObject;
      readonly submitted_by: Principal;
      readonly idempotency_key?: string;
      readonly traceparent?: string;
      /** Created but dispatching nothing until resumed. */
      readonly paused?: OperatorAct;
    }
  | ({
      readonly kind: 'record_outcome';
      readonly at: number;
      readonly outcome: Outcome;
      readonly receipt?: Receipt;
    } & Fence)
  | ({
      readonly kind: 'record_failure';
      readonly at: number;
      readonly failure: Failure;
      readonly receipt?: Receipt;
      /** Of a planner's call: what it spent nevertheless. Without it the call is charged in full. */
      readonly usage?: PlanUsage;
    } & Fence)
  | ({ readonly kind: 'record_plan_answer'; readonly at: number; readonly answer: RecordedAnswer } & Fence)
  /** Whoever had the call is gone: it may have been made, and its answer will not come. */
  | ({ readonly kind: 'record_call_lost'; readonly at: number } & Fence)
  /** The broker that took the step does not have the pinned component. */
  | ({ readonly kind: 'record_unavailable'; readonly at: number } & Fence)
  /** A component arrived: steps that waited for it are dispatched. */
  | { readonly kind: 'worker_available'; readonly at: number }
  | ({ readonly kind: 'fire_retry'; readonly at: number } & Fence)
  | ({ readonly kind: 'fire_deadline'; readonly at: number; readonly name: string } & Fence)
  | {
      readonly kind: 'signal';
      readonly at: number;
      readonly step_id: string;
      readonly signal_id: string;
      readonly principal: Principal;
      readonly roles: readonly string[];
      readonly data: Json;
      readonly reason?: string;
    }
  | ({ readonly kind: 'pause'; readonly at: number } & OperatorAct)
  | ({ readonly kind: 'resume'; readonly at: number } & OperatorAct)
  | ({ readonly kind: 'cancel'; readonly at: number } & OperatorAct)
  /** Accepts a task as it is: what has not settled is cancelled, what was recorded stays. */
  | ({ readonly kind: 'resolve'; readonly at: number } & OperatorAct)
  /** Nobody has taken the dispatch since `since`, which is too long. */
  | ({ readonly kind: 'mark_stuck'; readonly at: number; readonly since: number } & Fence)
  /** A broker runs the dispatch: news for a step that was marked as stuck. */
  | ({ readonly kind: 'record_taken'; readonly at: number; readonly broker: string } & Fence)
  | {
      readonly kind: 'note_dead_letter';
      readonly at: number;
      readonly step_id: string;
      readonly by: Principal;
      readonly text: string;
    }
  | ({ readonly kind: 'close_dead_letter'; readonly at: number; readonly step_id: string } & OperatorAct)
  | ({ readonly kind: 'retry_step'; readonly at: number; readonly step_id: string } & OperatorAct)
  | ({
      readonly kind: 'resolve_step';
      readonly at: number;
      readonly step_id: string;
      readonly result: Json;
      readonly branch?: readonly string[];
      /** Of a fan-out: one item for each worker. */
      readonly items?: readonly Json[];
    } & OperatorAct);

/** What the kernel asks of its surroundings while it decides: synchronous, pure, the same answer to the same question. */
export interface Environment {
  /** The newest registered version of a handler that meets an npm semver range. */
  resolveHandler(name: string, range: string): HandlerPin | undefined;
  /** Problems of resolved values against the pinned handler's schemas; empty when fine. */
  checkDispatch(pin: HandlerPin, config: Json, inputs: Json): readonly string[];
  /** Problems of a result against the pinned handler's `outputSchema`; empty when fine. */
  checkResult(pin: HandlerPin, result: Json): readonly string[];
  /** Problems of a JSON Schema that came from a handler: what makes it unusable; empty when fine. */
  checkSchema(schema: Json): readonly string[];
  /** Problems of a signal's data against the suspension's schema; empty when fine. */
  checkSignal(schema: Json, data: Json): readonly string[];
  /** Problems of a plan's output against what its planning step promises; empty when fine. */
  checkOutput(schema: Json, output: Json): readonly string[];
  /** The JSON Schema of the pinned handler's results; undefined when it is not known here. */
  outputSchema(pin: HandlerPin): JsonObject | undefined;
  /** The most that one call of a planner can spend; undefined when there is no such planner. */
  callCap(planner: string, model: string | null): CallCap | undefined;
  /** What a planner's text is worth. Total: whatever the text is, there is an answer. */
  validatePlan(text: string, place: PlanPlace): FragmentValidation;
}
