import type { BlobRef } from '../blob_ref.ts';
import type { Json, JsonObject } from '../json.ts';
import type { PlanFeedback } from '../planning/planner.ts';
import type { CompiledStep, CompiledTemplate } from '../template/types.ts';
import type { Account } from './budget.ts';
import type {
  BatchItem,
  BatchWindow,
  DeadLetterReason,
  DeadLetterState,
  Deadline,
  EventOf,
  Failure,
  HandlerPin,
  OperatorAct,
  PlanBounds,
  Principal,
  Provenance,
  Receipt,
  Signal,
  StepStatus,
  SuspensionRequest,
  TaskStatus,
} from './events.ts';
import type { Fragment } from './planned.ts';
import type { Table } from './table.ts';

/** What a suspended step keeps; it stays with the step until the next one, or until the step settles. */
export interface Suspension {
  readonly state: Json;
  readonly request: SuspensionRequest;
  readonly signals: Json;
  /** Those that have not fired. */
  readonly deadlines: readonly Deadline[];
  readonly since: number;
  /** The deadline that fired and was not yet given to the handler. */
  readonly fired?: string | undefined;
}

/** Why the current activation runs, when a suspension came before it; the JSON form of WIT `resume`. */
export interface Resume {
  readonly state: Json;
  readonly signals: readonly Signal[];
  readonly fired?: string | undefined;
}

/** How far a batch is. */
export interface Batch {
  readonly window: BatchWindow;
  readonly total: number;
  /** No worker from this index on was ever started. */
  readonly next: number;
  /** Workers that hold a slot of the window. */
  readonly in_flight: number;
  readonly complete: number;
  readonly failed: number;
  /** Ids of workers that woke and queue for a slot, first come first served. */
  readonly held: readonly string[];
}

/** A step's entry in the list of dead letters, as its last change left it. */
export interface DeadLetter {
  readonly reason: DeadLetterReason;
  readonly state: DeadLetterState;
  readonly code: string;
  readonly message: string;
  /** How many attempts there had been when it was last opened. */
  readonly attempts: number;
  /** How often it was opened. */
  readonly openings: number;
  readonly notes: number;
  readonly first_at: number;
  /** When it was last opened. */
  readonly last_at: number;
  /** Since when the step is in this trouble: of a stuck one, since when nobody took it. */
  readonly since: number;
  /** Who closed it and why, unless it is open. */
  readonly closed?: (OperatorAct & { readonly at: number }) | undefined;
}

/** How far a planning step is. */
export interface Plan {
  /** Calls that were dispatched, lost ones included. */
  readonly calls: number;
  /** Which planner it asks: 0 is the step's own, then its fallbacks in order. */
  readonly planner: number;
  /** Answers of this planner that were refused. */
  readonly refused: number;
  /** The next call belongs to the attempt of the one before: only the plan was refused, or the call lost. */
  readonly goes_on: boolean;
  /** Of its last refused answers, oldest first. */
  readonly feedback: readonly PlanFeedback[];
  /** Once a plan was accepted. */
  readonly accepted: AcceptedPlan | undefined;
}

/** The plan that became steps. */
export interface AcceptedPlan {
  readonly call: number;
  readonly phase: number;
  readonly fragment_id: string;
  readonly fragment: BlobRef;
  readonly bounds: PlanBounds;
}

/** A step. Replaced whole on every transition, never mutated. */
export interface StepState {
  readonly id: string;
  readonly name: string;
  /** In the template; of a planned step, its place among the planned ones after that (`planned.ts`). */
  readonly template_index: number;
  readonly status: StepStatus;
  readonly pin: HandlerPin | null;
  readonly provenance: Provenance;
  readonly dependencies: readonly string[];
  /** How many dependencies keep it from starting; 0 means ready. */
  readonly unmet_dependencies: number;
  /** Counts dispatched attempts from 1; 0 before the first. */
  readonly attempt: number;
  /** Counts the wakes from suspensions, over all attempts. */
  readonly activation: number;
  /** Attempts before the operator's last retry: they do not count against `max_attempts`. */
  readonly attempts_forgiven: number;
  readonly created_at: number;
  readonly enqueued_at?: number | undefined;
  readonly settled_at?: number | undefined;
  readonly result?: Json | undefined;
  /** Of a decision: the names it chose. */
  readonly branch?: readonly string[] | undefined;
  /** Of the last attempt that failed. */
  readonly failure?: Failure | undefined;
  readonly retry_at?: number | undefined;
  /** The wait ended while the task was paused. */
  readonly retry_due?: boolean | undefined;
  readonly suspension?: Suspension | undefined;
  readonly resume?: Resume | undefined;
  /** Signals that were accepted and not yet given to the handler. */
  readonly inbox: readonly Signal[];
  /** Ids of all accepted signals, so that the same signal twice is one. */
  readonly signal_ids: readonly string[];
  readonly receipt?: Receipt | undefined;
  readonly resolved?: OperatorAct | undefined;
  readonly dead_letter?: DeadLetter | undefined;
  /** Of the worker of a batch: its share. */
  readonly share?: BatchItem | undefined;
  /** Of a batch, once its fan-out has completed. */
  readonly batch?: Batch | undefined;
  /** Of a planning step. */
  readonly plan?: Plan | undefined;
}

/** What is known of a task as a whole. */
export interface TaskHead {
  id: string;
  /** Number of the last event; 0 before the first. */
  seq: number;
  status: TaskStatus;
  /** Why the status is what it is, when there is more to say. */
  reason: string | undefined;
  paused: boolean;
  context: JsonObject;
  template: EventOf<'task_created'>['template'] | undefined;
  submitted_by: Principal;
  idempotency_key: string | undefined;
  traceparent: string | undefined;
  created_at: number;
  updated_at: number;
  settled_at: number | undefined;
  /** How many steps are in each status: the task's status follows from these in O(1). */
  count: Record<StepStatus, number>;
  /** Steps in `error` that hold their dependents back. */
  blocking_errors: number;
  /** What the task may spend and has spent; without a budget nobody counts. */
  account: Account | undefined;
}

/**
 * The fold of a task's journal. It has one owner: `apply` takes it and gives it back changed. `decide` only reads
 * it (through an overlay), so a caller may drop what it decided and nothing has happened.
 */
export interface TaskState {
  readonly compiled: CompiledTemplate;
  readonly head: TaskHead;
  /** By id, in creation order. */
  readonly steps: Table<string, StepState>;
  /** Template indexes of steps that can no longer be created; of planned ones likewise. */
  readonly absent: Table<number, true>;
  /** What plans have added to the template, by the id of their planning step. */
  readonly fragments: Table<string, Fragment>;
  /** The steps of all fragments, by index: they count on from the template's. */
  readonly planned: Table<number, CompiledStep>;
}

/** The derived id of a template step: `<task id>.<template index>`. */
export function templateStepId(taskId: string, index: number): string {
  return `${taskId}.${index}`;
}

/** The definition at an index, of the template or of a plan. */
export function compiledAt(state: TaskState, index: number): CompiledStep {
  return state.compiled.steps[index] ?? state.planned.get(index)!;
}

/** The definition of a step, by its template or its plan. */
export function compiledOf(state: TaskState, step: StepState): CompiledStep {
  return compiledAt(state, step.template_index);
}

/** The derived id of the step at an index: a planned one's is `<planning step id>.<position in the fragment>`. */
export function stepIdAt(state: TaskState, index: number): string {
  return fragmentAt(state, index)?.idOf(index) ?? templateStepId(state.head.id, index);
}

/** The fragment that a step at an index is of; undefined for the template's. */
export function fragmentAt(state: TaskState, index: number): Fragment | undefined {
  if (index < state.compiled.steps.length) return undefined;
  for (const fragment of state.fragments.values()) if (fragment.has(index)) return fragment;
  return undefined;
}

/** Whether a step's wait is over, so that it only has to be dispatched. */
export function hasWoken(step: StepState): boolean {
  switch (step.status) {
    case 'waiting_for_retry':
      return step.retry_due === true;
    case 'waiting_for_input':
      return step.inbox.length > 0 || step.suspension?.fired !== undefined;
    default:
      return false;
  }
}

/** A created step by its name, the worker of a batch as `name[index]`; undefined while (or when) it does not exist. */
export function stepNamed(state: TaskState, name: string): StepState | undefined {
  const worker = WORKER_NAME.exec(name);
  if (worker !== null) {
    const batch = stepNamed(state, worker[1]!);
    return batch === undefined ? undefined : state.steps.get(`${batch.dependencies[0]}.${worker[2]}`);
  }
  const index = state.compiled.index_of.get(name) ?? plannedIndex(state, name);
  return index === undefined ? undefined : state.steps.get(stepIdAt(state, index));
}

function plannedIndex(state: TaskState, name: string): number | undefined {
  const slash = name.indexOf('/');
  const planning = slash < 0 ? undefined : stepNamed(state, name.slice(0, slash));
  return planning === undefined ? undefined : state.fragments.get(planning.id)?.index_of.get(name);
}

const WORKER_NAME = /^([^[]+)\[(0|[1-9]\d*)\]$/;

/** Whether a template step exists in this task; `unknown` while a decision may still create it. */
export function presenceOf(state: TaskState, index: number): 'unknown' | 'created' | 'absent' {
  if (state.steps.has(stepIdAt(state, index))) return 'created';
  return state.absent.has(index) ? 'absent' : 'unknown';
}

/** Created steps that wait, or waited, for this one. */
export function* dependentsOf(state: TaskState, step: StepState): Generator<StepState> {
  for (const index of compiledOf(state, step).dependents) {
    const dependent = state.steps.get(stepIdAt(state, index));
    if (dependent !== undefined) yield dependent;
  }
}

/** What is known of a step when it is created. */
type NewStep = Pick<
  StepState,
  'id' | 'name' | 'template_index' | 'pin' | 'provenance' | 'dependencies' | 'created_at'
> & {
  readonly batch?: BatchItem;
  readonly plan?: Plan | undefined;
};

/**
 * A step as it is created. Every field is there from the start, in one order, also those that say nothing yet: so all
 * steps have one shape, and the same step is the same text whatever way it came about. A field that is forgotten here
 * does not compile.
 */
export function stepOf({
  id,
  name,
  template_index,
  pin,
  provenance,
  dependencies,
  created_at,
  batch,
  plan,
}: NewStep): StepState {
  const step: { [K in keyof Required<StepState>]: StepState[K] } = {
    id,
    name,
    template_index,
    status: 'pending',
    pin,
    provenance,
    dependencies,
    unmet_dependencies: 0,
    attempt: 0,
    activation: 0,
    attempts_forgiven: 0,
    created_at,
    enqueued_at: undefined,
    settled_at: undefined,
    result: undefined,
    branch: undefined,
    failure: undefined,
    retry_at: undefined,
    retry_due: undefined,
    suspension: undefined,
    resume: undefined,
    inbox: [],
    signal_ids: [],
    receipt: undefined,
    resolved: undefined,
    share: batch,
    batch: undefined,
    dead_letter: undefined,
    plan,
  };
  return step;
}

/** A task before its first event. */
export function emptyTask(
  compiled: CompiledTemplate,
  steps: Table<string, StepState>,
  absent: Table<number, true>,
): TaskState {
  return {
    compiled,
    steps,
    absent,
    fragments: new Map(),
    planned: new Map(),
    head: {
      id: '',
      seq: 0,
      status: 'pending',
      reason: undefined,
      paused: false,
      context: {},
      template: undefined,
      submitted_by: '',
      idempotency_key: undefined,
      traceparent: undefined,
      created_at: 0,
      updated_at: 0,
      settled_at: undefined,
      count: {
        pending: 0,
        enqueued: 0,
        waiting_for_retry: 0,
        waiting_for_input: 0,
        waiting_for_worker: 0,
        complete: 0,
        error: 0,
        cancelled: 0,
        resolved_manually: 0,
        superseded: 0,
      },
      blocking_errors: 0,
      account: undefined,
    },
  };
}
