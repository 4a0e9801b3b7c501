import type { Json, JsonObject } from '../json.ts';
import type { CompiledTemplate } from '../template/types.ts';
import type {
  Deadline,
  Failure,
  HandlerPin,
  OperatorAct,
  Principal,
  Provenance,
  Receipt,
  Signal,
  StepStatus,
  SuspensionRequest,
  TaskStatus,
} from './events.ts';

/** A suspension that has not ended. */
export interface Suspension {
  readonly state: Json;
  readonly request: SuspensionRequest;
  readonly signals: Json;
  readonly deadlines: readonly Deadline[];
  readonly since: number;
}

/** Why the current activation runs, when a suspension came before it; the JSON form of WIT `resume`. */
export interface Resume {
  readonly state: Json;
  readonly signals: readonly Signal[];
  readonly fired?: string;
}

/** A step: replaced whole on every transition, never mutated. */
export interface StepState {
  readonly id: string;
  readonly name: string;
  readonly template_index: number | null;
  readonly status: StepStatus;
  readonly pin: HandlerPin | null;
  readonly provenance: Provenance;
  readonly dependencies: readonly string[];
  /** How many dependencies have not settled. */
  readonly unsettled_dependencies: number;
  /** 0 before the first dispatch. */
  readonly attempt: number;
  readonly activation: number;
  /** Attempts before the operator's last retry; they do not count against `max_attempts`. */
  readonly attempts_forgiven: number;
  readonly created_at: number;
  readonly enqueued_at?: number;
  readonly settled_at?: number;
  readonly result?: Json;
  readonly branch?: readonly string[];
  /** Of the last attempt that failed. */
  readonly failure?: Failure;
  readonly retry_at?: number;
  readonly suspension?: Suspension;
  readonly resume?: Resume;
  /** Accepted, not yet given to the handler. */
  readonly inbox: readonly Signal[];
  /** Every accepted signal id, so that the same signal twice is one. */
  readonly signal_ids: readonly string[];
  readonly receipt?: Receipt;
  readonly resolved?: OperatorAct;
}

/** Whether a template step exists in this task; `unknown` while a decision may still create it. */
export type Presence = 'unknown' | 'created' | 'absent';

/** The fold of a task's journal. Owned by one holder: `apply` takes it and gives it back. */
export interface TaskState {
  readonly compiled: CompiledTemplate;
  readonly id: string;
  /** Sequence number of the last event; 0 before the first. */
  readonly seq: number;
  readonly status: TaskStatus;
  readonly paused: boolean;
  readonly cancelling: boolean;
  readonly context: JsonObject;
  readonly submitted_by: Principal;
  readonly idempotency_key?: string;
  readonly traceparent?: string;
  readonly created_at: number;
  readonly settled_at?: number;
  /** By id, in creation order. */
  readonly steps: ReadonlyMap<string, StepState>;
  /** The id of a created step by its name. */
  readonly id_of: ReadonlyMap<string, string>;
  /** By template index. */
  readonly presence: readonly Presence[];
  /** How many steps are in each status; lets the task's status be derived in O(1). */
  readonly count: Readonly<Record<StepStatus, number>>;
  /** How many steps are in `error` by what that means for the task. */
  readonly blocking_errors: number;
}
