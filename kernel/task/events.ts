import type { BlobRef } from '../blob_ref.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Amounts, BudgetDimension } from '../planning/budget.ts';
import type { PlanUsage } from '../planning/planner.ts';
import type { StepDefinition } from '../template/types.ts';

/**
 * The journal of a task: what happened, never what to do. An event that was once written is folded by every
 * later version, so a shape here is only ever added to; a changed meaning is a new `kind` with an upcaster.
 *
 * All times (`at`, `*_at`) are milliseconds since 1970-01-01T00:00:00Z.
 */

/** Who did something: the name of an API token, or `system`. */
export type Principal = string;

/** The component a step is pinned to; null while no registered handler satisfied the range. */
export interface HandlerPin {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** Where a step came from: metadata, never structure. */
export interface Provenance {
  readonly created_by: 'template' | 'decision_point' | 'planning_step' | 'batch_spawn';
  /** The decision, planning step or fan-out whose outcome created the step. */
  readonly parent_step_id?: string;
  readonly planning_step_id?: string;
  readonly fragment_id?: string;
  readonly planning_phase?: number;
  readonly planning_reasoning?: string;
}

/** A step as `steps_created` records it. */
export interface CreatedStep {
  /** `<parent id>.<index>`: derived, so that a replay derives the same. */
  readonly id: string;
  readonly name: string;
  /** The index in the template; absent for planned steps and batch workers, which carry their definition. */
  readonly template_index?: number;
  /** Ids of the steps it waits for. */
  readonly dependencies: readonly string[];
  readonly pin: HandlerPin | null;
  readonly provenance: Provenance;
  /** Of the worker of a batch: what `${batch.item}` and `${batch.index}` mean to it. */
  readonly batch?: BatchItem;
  /** Of a planned step, which is not in the template. */
  readonly definition?: StepDefinition;
}

/** What a fragment can come to at the most: steps and workers, the longest way, the widest fan-out, attempts, US dollars. */
export interface PlanBounds extends JsonObject {
  readonly steps: number;
  readonly depth: number;
  readonly fan_out: number;
  readonly calls: number;
  readonly cost_usd: number;
}

/** One worker's share of a fan-out. */
export interface BatchItem {
  readonly item: Json;
  readonly index: number;
}

/** How a fan-out's workers are run. */
export interface BatchWindow {
  /** How many there are. */
  readonly workers: number;
  /** How many may be in flight at once; 0 means any number. */
  readonly max_concurrency: number;
  /** How many may fail, by number and by share of all; null sets no limit of its own, both null tolerate none. */
  readonly tolerance: { readonly count: number | null; readonly percentage: number | null };
}

/** Why an attempt ended badly. `kind` decides what the engine does; people read the message. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
  readonly details?: Json;
}

/** What running an attempt cost: shown to people, never read by a decision. */
export interface Receipt {
  readonly broker: string;
  readonly claimed_at: number;
  readonly [measure: string]: Json;
}

/** What a suspended step shows to people. */
export interface SuspensionRequest extends JsonObject {
  readonly title: string;
}

/** The events that move or touch one step. */
export type StepEvent = Extract<TaskEvent, { readonly step_id: string }>;

/** An event of one kind. */
export type EventOf<K extends TaskEvent['kind']> = Extract<TaskEvent, { readonly kind: K }>;

/** A signal as it was accepted. */
export interface Signal {
  /** Given by the sender; the same id twice is one signal. */
  readonly id: string;
  readonly at: number;
  readonly principal: Principal;
  readonly roles: readonly string[];
  readonly data: Json;
  readonly reason?: string;
}

/** A moment at which a suspended step wakes on its own. */
export interface Deadline {
  readonly name: string;
  readonly at: number;
}

/** An operator's act on a task or step. */
export interface OperatorAct {
  readonly by: Principal;
  readonly reason: string;
}

/** Why a step is in the list of dead letters; see `dead_letter.ts`. */
export type DeadLetterReason = 'exhausted' | 'poisoned' | 'refused' | 'stuck';

/** What became of a dead letter. */
export type DeadLetterState = 'open' | 'retried' | 'resolved';

export type TaskStatus =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'blocked_by_failures'
  | 'complete'
  | 'error'
  | 'cancelled'
  | 'resolved_manually';

export type StepStatus =
  | 'pending'
  | 'enqueued'
  | 'waiting_for_retry'
  | 'waiting_for_input'
  | 'waiting_for_worker'
  | 'complete'
  | 'error'
  | 'cancelled'
  | 'resolved_manually'
  | 'superseded';

interface OfStep {
  readonly step_id: string;
  readonly at: number;
}

/** One call of a planner; `call` counts those of a planning step from 1, over all its planners and attempts. */
interface OfCall extends OfStep {
  readonly attempt: number;
  readonly call: number;
}

/** An attempt of a step; `activation` counts the dispatches of an attempt that suspensions separate, from 0. */
interface OfAttempt extends OfStep {
  readonly attempt: number;
  readonly activation: number;
}

export type TaskEvent =
  | {
      readonly kind: 'task_created';
      readonly at: number;
      readonly task_id: string;
      readonly template: {
        readonly name: string;
        readonly namespace: string;
        readonly version: string;
        readonly digest: string;
      };
      readonly context: JsonObject;
      readonly submitted_by: Principal;
      readonly idempotency_key?: string;
      /** W3C trace context of the submission. */
      readonly traceparent?: string;
    }
  | { readonly kind: 'task_status_changed'; readonly at: number; readonly to: TaskStatus; readonly reason?: string }
  | ({ readonly kind: 'task_paused'; readonly at: number } & OperatorAct)
  | ({ readonly kind: 'task_resumed'; readonly at: number } & OperatorAct)
  | ({ readonly kind: 'task_cancel_requested'; readonly at: number } & OperatorAct)
  | ({ readonly kind: 'task_resolve_requested'; readonly at: number } & OperatorAct)
  | {
      readonly kind: 'steps_created';
      readonly at: number;
      readonly steps: readonly CreatedStep[];
    }
  | {
      /** Template steps that can no longer be created: the paths that were not taken. */
      readonly kind: 'steps_excluded';
      readonly at: number;
      readonly template_indexes: readonly number[];
      /** The decision whose outcome settled it. */
      readonly by_step_id: string;
    }
  | ({ readonly kind: 'step_enqueued' } & OfAttempt)
  | ({ readonly kind: 'step_waiting_for_worker'; readonly digest: string | null } & OfAttempt)
  | ({ readonly kind: 'step_pinned'; readonly pin: HandlerPin } & OfStep)
  | ({
      readonly kind: 'step_completed';
      readonly result: Json;
      /** Of a decision: the names it chose. */
      readonly branch?: readonly string[];
      /** Of a fan-out: how the workers are run, which the same commit creates. */
      readonly window?: BatchWindow;
      readonly receipt?: Receipt;
    } & OfAttempt)
  | ({
      readonly kind: 'step_retry_scheduled';
      readonly failure: Failure;
      readonly retry_at: number;
      readonly receipt?: Receipt;
    } & OfAttempt)
  | ({ readonly kind: 'step_errored'; readonly failure: Failure; readonly receipt?: Receipt } & OfAttempt)
  | ({
      readonly kind: 'step_suspended';
      readonly state: Json;
      readonly request: SuspensionRequest;
      /** JSON Schema that a signal's data must meet. */
      readonly signals: Json;
      readonly deadlines: readonly Deadline[];
      readonly receipt?: Receipt;
    } & OfAttempt)
  | ({ readonly kind: 'step_signalled'; readonly signal: Signal } & OfStep)
  | ({ readonly kind: 'step_deadline_fired'; readonly name: string } & OfAttempt)
  /** The wait for a retry ended while the task was paused: the step is dispatched on resume. */
  | ({ readonly kind: 'step_retry_due' } & OfStep)
  | ({
      /** All workers of a batch have settled; the step is the batch. */
      readonly kind: 'batch_converged';
      readonly counts: { readonly complete: number; readonly error: number };
    } & OfStep)
  | ({ readonly kind: 'step_cancelled'; readonly reason: string } & OfStep)
  | ({
      readonly kind: 'step_resolved_manually';
      readonly result: Json;
      readonly branch?: readonly string[];
      readonly window?: BatchWindow;
    } & OfStep &
      OperatorAct)
  | ({ readonly kind: 'step_retried_by_operator' } & OfStep & OperatorAct)
  | ({
      /** The step is in the list of dead letters from now on; again, when an entry of it was closed before. */
      readonly kind: 'dead_letter_opened';
      readonly reason: DeadLetterReason;
      readonly attempt: number;
      readonly code: string;
      /** The beginning of the failure's. */
      readonly message: string;
      /** Of a stuck step: since when it has not been taken up. */
      readonly since?: number;
    } & OfStep)
  | ({ readonly kind: 'dead_letter_noted'; readonly by: Principal; readonly text: string } & OfStep)
  /** Dealt with without touching the step. */
  | ({ readonly kind: 'dead_letter_closed' } & OfStep & OperatorAct)
  | PlanEvent
  | BudgetEvent;

/** What happens to a planning step besides what happens to every step. */
export type PlanEvent =
  | ({
      /** What the planner was asked; journaled with its answer. */
      readonly kind: 'plan_requested';
      readonly prompt: BlobRef;
      readonly planner: string;
      readonly model: string | null;
    } & OfCall)
  | ({
      readonly kind: 'plan_answered';
      /** The text as it came; an accepted one is the fragment. */
      readonly answer: BlobRef;
      readonly stop_reason: string;
      readonly usage: PlanUsage;
      readonly latency_ms: number;
    } & OfCall)
  | ({
      readonly kind: 'plan_rejected';
      /** None when the answer was a question, which the planner answers in its next call: it is no attempt then. */
      readonly diagnostics: readonly Diagnostic[];
      /** The answer again, for the planner's next call. */
      readonly answer: string;
    } & OfCall)
  | ({
      /** In one commit with the `steps_created` of the fragment. */
      readonly kind: 'plan_accepted';
      readonly fragment_id: string;
      readonly fragment: BlobRef;
      readonly bounds: PlanBounds;
      /** Counts the accepted plans of the step from 1. */
      readonly phase: number;
      /** How many steps the fragment has, those of its decisions included. */
      readonly size: number;
      /** Why each step is there, by position; an empty text where the planner did not say. */
      readonly reasons: readonly string[];
      /** Position of the exit step in the fragment. */
      readonly exit: number;
      /** Steps that a decision of the fragment stands before, by position: they are not created yet. */
      readonly gated: readonly { readonly position: number; readonly definition: StepDefinition }[];
    } & OfCall)
  /** The planner will not be asked again; the next of the step's `fallback` is. */
  | ({ readonly kind: 'plan_fell_back'; readonly planner: string; readonly failure: Failure } & OfCall)
  /** Nobody can tell any more whether the call was made: it is charged in full and never waited for again. */
  | ({ readonly kind: 'plan_call_lost' } & OfCall)
  /** The exit step of the plan is over: the planning step is complete, with this as its result. */
  | ({ readonly kind: 'plan_converged'; readonly output: Json } & OfStep);

/** The ledger of what a task spends: reserved before, settled after. */
export type BudgetEvent =
  | {
      readonly kind: 'budget_opened';
      readonly at: number;
      /** `task`, or the id of a planning step. */
      readonly account: string;
      readonly parent: string | null;
      /** A dimension that is absent has no limit. */
      readonly limits: Amounts;
    }
  | {
      readonly kind: 'budget_reserved';
      readonly at: number;
      readonly account: string;
      readonly reservation: string;
      readonly amounts: Amounts;
      /** Id of the step that will spend it. */
      readonly for: string;
    }
  | {
      readonly kind: 'budget_settled';
      readonly at: number;
      readonly account: string;
      readonly reservation: string;
      /** What it really was. */
      readonly amounts: Amounts;
    }
  | {
      readonly kind: 'budget_exhausted';
      readonly at: number;
      readonly account: string;
      readonly dimension: BudgetDimension;
    };

/** A journal entry: the events that one commit added to a task, the first of them numbered `seq`. */
export interface JournalEntry {
  /** Version of the event shapes; see `upcast`. */
  readonly version: 1;
  readonly seq: number;
  readonly events: readonly TaskEvent[];
}
