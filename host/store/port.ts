import type { Json, JsonObject } from '../../kernel/json.ts';
import type { JournalEntry, TaskEvent, TaskStatus } from '../../kernel/task/events.ts';

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
  /** The whole journal of a task, oldest first; empty when the task is unknown. */
  readJournal(task_id: string): Promise<readonly JournalEntry[]>;
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
  close(): Promise<void>;
}
