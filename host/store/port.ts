import type { Json, JsonObject } from '../../kernel/json.ts';
import type {
  DeadLetterReason,
  DeadLetterState,
  JournalEntry,
  TaskEvent,
  TaskStatus,
} from '../../kernel/task/events.ts';
import type { Blob } from '../blobs/port.ts';

/** A row of the task list: what is known of a task without folding its journal. */
export interface TaskSummary {
  readonly task_id: string;
  readonly template_name: string;
  readonly template_version: string;
  readonly template_digest: string;
  readonly namespace: string;
  readonly status: TaskStatus;
  readonly paused: boolean;
  readonly submitted_by: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly settled_at: number | null;
}

/** A dispatch that has not been answered: the outbox row that is sent again after a crash. */
export interface DispatchRow {
  readonly task_id: string;
  readonly step_id: string;
  readonly attempt: number;
  readonly activation: number;
  readonly namespace: string;
  readonly enqueued_at: number;
}

/** An absolute timer. A step has at most one `retry`; a suspension has one row per named deadline. */
export interface TimerRow {
  readonly task_id: string;
  readonly step_id: string;
  readonly attempt: number;
  readonly activation: number;
  readonly kind: 'retry' | 'deadline';
  /** The deadline's name; empty for a retry. */
  readonly name: string;
  readonly at: number;
}

/** A suspended step, as `weft gate list` shows it. */
export interface WaitingRow {
  readonly task_id: string;
  readonly step_id: string;
  readonly step_name: string;
  readonly template_name: string;
  readonly request: JsonObject;
  readonly signals: Json;
  readonly since: number;
  /** The earliest deadline, when there is one. */
  readonly next_deadline_at: number | null;
}

/** A step that is, or was, in the list of dead letters. */
export interface DeadLetterRow {
  readonly task_id: string;
  readonly step_id: string;
  readonly step_name: string;
  readonly template_name: string;
  readonly namespace: string;
  readonly reason: DeadLetterReason;
  readonly state: DeadLetterState;
  /** Of the failure; `no_worker` or `not_taken` of a stuck step. */
  readonly code: string;
  /** The beginning of the failure's. */
  readonly message: string;
  readonly handler: string;
  /** Null when no registered handler satisfied the range. */
  readonly handler_version: string | null;
  readonly handler_digest: string | null;
  readonly attempts: number;
  /** How often the step landed here. */
  readonly openings: number;
  readonly notes: number;
  /** Since when the step is in this trouble: of a stuck one, since when nobody took it. */
  readonly since: number;
  /** When it first and last landed here. */
  readonly first_at: number;
  readonly last_at: number;
  /** Who closed it and why; null while it is open. */
  readonly closed_at: number | null;
  readonly closed_by: string | null;
  readonly closed_reason: string | null;
}

/** A large value and who in a task refers to it. */
export interface HeldBlob extends Blob {
  /** `''` for the journal, for as long as the task is there; a step's id for its dispatch, until that row changes or goes. */
  readonly holder: string;
}

/** What one commit changes of one task. Everything in a batch is durable together or not at all. */
export interface TaskCommit {
  readonly task_id: string;
  /** The task's sequence number before `events`; another value in the store is a `conflict`. 0 creates the task. */
  readonly expected_seq: number;
  /** May be empty: then only the rows change, and the sequence number stays. */
  readonly events: readonly TaskEvent[];
  /** The row of the task list after the commit; absent when nothing in it changed. */
  readonly summary?: TaskSummary;
  /** On creation only: reserves the key within the summary's namespace. `body_digest` tells a repeat from a misuse. */
  readonly idempotency?: { readonly key: string; readonly body_digest: string };
  /** Dispatches that now wait for an answer; one of a step that has a row already takes its place. */
  readonly dispatched: readonly DispatchRow[];
  /** Steps whose dispatch row goes away, before `dispatched` is applied. */
  readonly undispatched: readonly string[];
  readonly timers_set: readonly TimerRow[];
  /** Steps whose timers all go away, before `timers_set` is applied. */
  readonly timers_cleared: readonly string[];
  readonly waiting_set: readonly WaitingRow[];
  /** Steps whose waiting row goes away, before `waiting_set` is applied. */
  readonly waiting_cleared: readonly string[];
  /** Dead letters as they now are; one of a step that has a row already takes its place. */
  readonly dead_letters_set: readonly DeadLetterRow[];
  /** Large values that `events` and `dispatched` refer to, applied after both; the same content is kept once. */
  readonly blobs?: readonly HeldBlob[];
}

/** A task's state at some event, so that its journal need not be read from the start. What is in it is not the store's business. */
export interface SnapshotRow {
  readonly task_id: string;
  /** Number of the last event in it. */
  readonly seq: number;
  /** Of the state's shape. */
  readonly version: number;
  readonly template_digest: string;
  readonly bytes: Uint8Array;
}

/** What a removal is, for whoever asks later: it outlives the tasks. */
export interface RetentionAct {
  readonly at: number;
  readonly act: 'remove' | 'run';
  readonly by: string;
  readonly reason: string;
  /** What it did. */
  readonly details: JsonObject;
}

/** Settled tasks of one status. */
export interface SettledFilter {
  readonly status: TaskStatus;
  /** Settled at or before this moment. */
  readonly until: number;
}

/** Which tasks a list holds: all when it says nothing. */
export interface TaskFilter {
  readonly status?: readonly TaskStatus[];
  readonly template?: string;
  readonly namespace?: string;
}

/** A page of a list of tasks. */
export interface TaskQuery extends TaskFilter {
  readonly cursor?: string;
  readonly limit: number;
}

/** Which dead letters a list holds: all when it says nothing. */
export interface DeadLetterFilter {
  readonly state?: readonly DeadLetterState[];
  readonly reason?: readonly DeadLetterReason[];
  readonly task_id?: string;
  readonly template?: string;
  readonly namespace?: string;
  /** The handler's name. */
  readonly handler?: string;
}

/** A page of the list of dead letters. */
export interface DeadLetterQuery extends DeadLetterFilter {
  readonly cursor?: string;
  readonly limit: number;
}

/** How many dead letters are open, by reason; a reason without any is absent. */
export type DeadLetterCounts = Readonly<Partial<Record<DeadLetterReason, number>>>;

/** A page of rows and where the next begins. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly next_cursor?: string;
}

/**
 * Where tasks live. Implementations pass the conformance suite in `conformance.ts`.
 * Methods reject with `store_conflict` (another writer was first), `store_unavailable` (try again), `store_corrupt`
 * (a bug or damage: stop), and listings with `cursor_invalid`. Pages stay put while rows come and go: a row that is
 * there throughout is seen exactly once.
 */
export interface Store {
  /**
   * Makes a batch durable and resolves once it is. Calls made in the same turn of the event loop share one
   * transaction (group commit); a conflict fails only the commit that has it.
   * @throws store_conflict, idempotency_conflict (the key is taken; `params.task_id`, `params.body_digest`)
   */
  commit(commit: TaskCommit): Promise<void>;
  /** The journal of a task, oldest first: the whole, or the entries after an event. Empty when the task is unknown. */
  readJournal(task_id: string, after_seq?: number): Promise<readonly JournalEntry[]>;
  /** Events after a sequence number, numbered, oldest first. */
  readEvents(task_id: string, after_seq: number, limit: number): Promise<readonly { seq: number; event: TaskEvent }[]>;
  readSummary(task_id: string): Promise<TaskSummary | undefined>;
  /** Newest first. */
  listTasks(query: TaskQuery): Promise<Page<TaskSummary>>;
  countTasks(): Promise<Readonly<Partial<Record<TaskStatus, number>>>>;
  findIdempotent(namespace: string, key: string): Promise<{ task_id: string; body_digest: string } | undefined>;
  /** Keeps a template's canonical JSON by digest; the same digest twice is one row. */
  putTemplate(digest: string, template: JsonObject): Promise<void>;
  getTemplate(digest: string): Promise<JsonObject | undefined>;
  /** Unanswered dispatches, by task and step: those of the oldest task first, as ids of tasks grow with time. */
  listDispatches(query: { readonly cursor?: string; readonly limit: number }): Promise<Page<DispatchRow>>;
  /** Timers due at or before `now`, earliest first. They stay until a commit clears them. */
  dueTimers(now: number, limit: number): Promise<readonly TimerRow[]>;
  /** When the earliest timer after `after` is due; undefined when there is none. */
  nextTimerAt(after: number): Promise<number | undefined>;
  /** Suspended steps, longest waiting first. */
  listWaiting(query: {
    readonly task_id?: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<Page<WaitingRow>>;
  /** By when each step first landed there, newest first. */
  listDeadLetters(query: DeadLetterQuery): Promise<Page<DeadLetterRow>>;
  readDeadLetter(task_id: string, step_id: string): Promise<DeadLetterRow | undefined>;
  countDeadLetters(): Promise<DeadLetterCounts>;
  /** Keeps a snapshot in place of the task's last one; nothing of a task that has no journal up to it. */
  putSnapshot(snapshot: SnapshotRow): Promise<void>;
  /** The last snapshot of a task, if one was taken. */
  readSnapshot(task_id: string): Promise<SnapshotRow | undefined>;
  /** Settled tasks of a status, those first that settled first. */
  listSettled(query: SettledFilter & { readonly cursor?: string; readonly limit: number }): Promise<Page<TaskSummary>>;
  countSettled(filter: SettledFilter): Promise<number>;
  /**
   * Removes a settled task and all that the store holds for it, in one transaction with the note of who did it, if
   * there is one. What tasks share, as their templates, stays.
   * @throws task_not_found, task_not_settled, store_conflict (its last event is not `expected_seq`)
   */
  removeTask(removal: {
    readonly task_id: string;
    readonly expected_seq: number;
    readonly act?: RetentionAct;
  }): Promise<void>;
  /** Notes what somebody did. */
  recordAct(act: RetentionAct): Promise<void>;
  /** The last acts, newest first. */
  listActs(limit: number): Promise<readonly RetentionAct[]>;
  /** Bytes that the store takes, and those of them that are free for what comes. */
  size(): Promise<{ readonly bytes: number; readonly free_bytes: number }>;
  /** Keeps a large value that nobody refers to yet, from the time `at` on; see `collectBlobs`. */
  putBlob(blob: Blob, at: number): Promise<void>;
  readBlob(digest: string): Promise<Uint8Array | undefined>;
  /** Removes up to `limit` large values that no task refers to and nobody has put since `before`. */
  collectBlobs(before: number, limit: number): Promise<{ readonly blobs: number; readonly bytes: number }>;
  close(): Promise<void>;
}
