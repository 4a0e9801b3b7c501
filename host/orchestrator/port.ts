import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type {
  DeadLetterReason,
  DeadLetterState,
  Failure,
  OperatorAct,
  Principal,
  Receipt,
  StepStatus,
  TaskEvent,
  TaskStatus,
} from '../../kernel/task/events.ts';
import type { HandlerFile } from '../catalog/handler_files.ts';
import type { HostUsage, RunMeasure } from '../sandbox/port.ts';
import type {
  DeadLetterCounts,
  DeadLetterQuery,
  DeadLetterRow,
  Page,
  RetentionAct,
  TaskQuery,
  TaskSummary,
  WaitingRow,
} from '../store/port.ts';

/** A template as somebody wrote it: text with a place for diagnostics, or a parsed document. */
export type TemplateSource =
  | { readonly kind: 'text'; readonly text: string; readonly file?: string }
  | { readonly kind: 'document'; readonly document: Json };

/** What submitting a task takes. */
export interface Submission {
  readonly template: TemplateSource;
  readonly context: JsonObject;
  readonly principal: Principal;
  readonly idempotency_key?: string;
  readonly traceparent?: string;
  /** Create it without dispatching anything. */
  readonly paused?: boolean;
}

/** What a run cost and did. Receipts of earlier versions lack some of it. */
export type StepReceipt = Pick<Receipt, 'broker' | 'claimed_at'> & Partial<RunMeasure & HostUsage>;

/** A step as people see it. */
export interface StepView {
  readonly step_id: string;
  readonly name: string;
  readonly type: string;
  readonly status: StepStatus;
  readonly handler: { readonly name: string; readonly version: string | null; readonly digest: string | null };
  readonly dependencies: readonly string[];
  readonly attempt: number;
  /** The last attempt that failures may lead to: an operator's retry raises it. */
  readonly max_attempts: number;
  readonly created_by: string;
  /** Of a step that a plan has made: of which planning step and plan, and why it is there. */
  readonly planned: {
    readonly planning_step_id: string;
    readonly fragment_id: string;
    readonly phase: number;
    readonly reasoning: string | null;
  } | null;
  readonly created_at: number;
  readonly enqueued_at: number | null;
  readonly settled_at: number | null;
  /** Who runs it since when, while somebody does: ephemeral, not part of the journal. */
  readonly in_progress: { readonly broker: string; readonly since: number } | null;
  readonly result: Json | null;
  readonly branch: readonly string[] | null;
  readonly failure: JsonObject | null;
  readonly retry_at: number | null;
  /** Of a suspended step. */
  readonly waiting_for: {
    readonly request: JsonObject;
    readonly signals: Json;
    readonly deadlines: readonly { name: string; at: number }[];
  } | null;
  readonly receipt: StepReceipt | null;
  readonly resolved: OperatorAct | null;
  /** Its entry in the list of dead letters, open or not. */
  readonly dead_letter: { readonly reason: DeadLetterReason; readonly state: DeadLetterState } | null;
}

/** A value that a step was given, or why it is not shown. */
export type GivenValue = { readonly value: Json } | { readonly left_out: string };

/** A dead letter with all that is known of it. */
export interface DeadLetterView extends DeadLetterRow {
  readonly task_status: TaskStatus;
  readonly step_status: StepStatus;
  readonly step_type: string;
  /** What the step was given, `${secrets.NAME}` in place of secrets; null of a batch. */
  readonly config: GivenValue | null;
  readonly inputs: GivenValue | null;
  /** Every failed attempt, oldest first. */
  readonly failures: readonly { readonly attempt: number; readonly at: number; readonly failure: Failure }[];
  /** Of a batch: workers in `error`, not more than 50, and how many there are. */
  readonly failed_workers: readonly { readonly step: string; readonly attempt: number; readonly failure: Failure }[];
  readonly failed_workers_count: number;
  /** What became of the entry, and what people wrote down, oldest first. */
  readonly history: readonly {
    readonly at: number;
    readonly what: 'opened' | 'noted' | 'closed' | 'retried' | 'resolved';
    /** Null where the engine did it. */
    readonly by: Principal | null;
    readonly text: string;
  }[];
}

/** A task as people see it. */
export interface TaskView extends TaskSummary {
  /** Why the status is what it is, when there is more to say. */
  readonly reason: string | null;
  readonly context: JsonObject;
  readonly seq: number;
  /** In creation order; steps of paths that were not taken are not there. */
  readonly steps: readonly StepView[];
}

/** An event as the API streams it. */
export interface NumberedEvent {
  readonly seq: number;
  readonly event: TaskEvent;
}

/** The result that somebody gives a step by hand. */
export interface Resolution {
  readonly result: Json;
  /** Of a decision: the steps it chooses. */
  readonly branch?: readonly string[];
  /** Of a fan-out: one item for each worker. */
  readonly items?: readonly Json[];
}

/** A settled task that goes, or would. */
export interface RetiredTask {
  readonly task_id: string;
  readonly template_name: string;
  readonly status: TaskStatus;
  readonly settled_at: number;
  readonly action: 'archive' | 'remove';
  /** The archive's file. */
  readonly archive: string | null;
  /** Why it stays after all. */
  readonly problem: string | null;
}

/** What a run of retention did, or would do. */
export interface RetentionReport {
  readonly dry_run: boolean;
  readonly tasks: readonly RetiredTask[];
  /** More are due than the limit took. */
  readonly more: boolean;
}

/** The rules for settled tasks and how things are. */
export interface RetentionView {
  readonly rules: readonly {
    readonly status: TaskStatus;
    readonly action: 'keep' | 'archive' | 'remove';
    readonly after_hours: number;
    /** Tasks that are due now. */
    readonly due: number;
  }[];
  readonly archive_directory: string;
  readonly store: { readonly bytes: number; readonly free_bytes: number };
  /** What people did, newest first. */
  readonly acts: readonly RetentionAct[];
}

/** Who asks, for every act that changes something. */
export interface Actor {
  readonly principal: Principal;
  readonly roles: readonly string[];
}

/**
 * Everything the API, the command line and the tests do with the engine. Methods throw `WeftError`:
 * `task_not_found`, `step_not_found`, `template_invalid` (with diagnostics), `context_invalid`,
 * `idempotency_conflict`, `task_settled`, `step_not_waiting`, `signal_invalid`, `signal_forbidden`, ….
 */
export interface Engine {
  /** Validates, commits and returns; `created` is false when the idempotency key had made the task before. */
  submit(submission: Submission): Promise<{ readonly task: TaskView; readonly created: boolean }>;
  /** Every problem of a template (and of a context, when given); warnings included. Creates nothing. */
  check(
    template: TemplateSource,
    context?: JsonObject,
  ): Promise<{ readonly diagnostics: readonly Diagnostic[]; readonly graph?: GraphView }>;
  task(task_id: string): Promise<TaskView>;
  tasks(query: TaskQuery): Promise<Page<TaskSummary>>;
  step(task_id: string, step: string): Promise<StepView>;
  /** Large values stand apart: `{ "$blob": { blob, bytes, media_type } }` is in their places, here and in `watch`. */
  events(task_id: string, after_seq: number, limit: number): Promise<readonly NumberedEvent[]>;
  /** Past events after `after_seq`, then live ones; ends when the task is settled or `signal` aborts. */
  watch(task_id: string, after_seq: number, signal: AbortSignal): AsyncIterable<NumberedEvent>;
  cancel(task_id: string, act: OperatorAct): Promise<TaskView>;
  pause(task_id: string, act: OperatorAct): Promise<TaskView>;
  resume(task_id: string, act: OperatorAct): Promise<TaskView>;
  /** Accepts a task as it is: what was recorded stays, what has not settled is cancelled. */
  resolve(task_id: string, act: OperatorAct): Promise<TaskView>;
  /** `step` is an id or a name. Of a failed step: a fresh set of attempts. Of one that waits for a retry: now. */
  retryStep(task_id: string, step: string, act: OperatorAct): Promise<StepView>;
  /** Gives a step its result by hand; checked like the handler's own. */
  resolveStep(task_id: string, step: string, resolution: Resolution, act: OperatorAct): Promise<StepView>;
  waiting(query: {
    readonly task_id?: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<Page<WaitingRow>>;
  /** `signal_id` makes it idempotent. */
  signal(
    task_id: string,
    step: string,
    signal: { readonly signal_id: string; readonly data: Json; readonly reason?: string },
    actor: Actor,
  ): Promise<StepView>;
  /** Steps that will not go on by themselves, by when they first did not, newest first. */
  deadLetters(query: DeadLetterQuery): Promise<Page<DeadLetterRow>>;
  /** How many are open, by reason. */
  deadLetterCounts(): Promise<DeadLetterCounts>;
  /** @throws dead_letter_not_found, besides those of steps */
  deadLetter(task_id: string, step: string): Promise<DeadLetterView>;
  /** Writes down what somebody found out; also of a settled task. */
  noteDeadLetter(
    task_id: string,
    step: string,
    note: { readonly by: Principal; readonly text: string },
  ): Promise<DeadLetterView>;
  /** Closes the entry and leaves the step as it is; also of a settled task. @throws dead_letter_closed */
  closeDeadLetter(task_id: string, step: string, act: OperatorAct): Promise<DeadLetterView>;
  /** Removes one settled task, archived before when that is asked for. @throws task_not_settled, archive_unwritable */
  removeTask(task_id: string, options: { readonly archive: boolean }, act: OperatorAct): Promise<RetiredTask>;
  /** The rules for settled tasks, and what is due by them. */
  retention(): Promise<RetentionView>;
  /** Applies the rules to tasks that are due, those first that settled first; a dry run only says to which. */
  runRetention(
    options: { readonly dry_run: boolean; readonly limit: number },
    act: OperatorAct,
  ): Promise<RetentionReport>;
  /** The JSON of a large value that an event refers to, in UTF-8. @throws blob_not_found, store_corrupt */
  blob(digest: string): Promise<Uint8Array>;
  handlers(): readonly CatalogEntry[];
  /** The components' files in the handler directories: what joined the catalog, what was refused and why. */
  handlerFiles(): readonly HandlerFile[];
  health(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>;
}

/** A template's graph for people and programs. */
export interface GraphView {
  readonly name: string;
  readonly version: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly type: string;
    readonly handler: string;
    readonly gated: boolean;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly kind: 'dependency' | 'decision' | 'deferred';
  }[];
}
