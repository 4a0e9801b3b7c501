import { WeftError } from '../../kernel/errors.ts';
import { apply, fold } from '../../kernel/task/apply.ts';
import type { Command, Environment } from '../../kernel/task/commands.ts';
import { decide } from '../../kernel/task/decide.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { emptyTask, type TaskState } from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { inflateJournal } from '../blobs/inflate.ts';
import type { Store, TaskCommit } from '../store/port.ts';
import type { Snapshots } from './snapshots.ts';
import { type LoadedState, StateCache } from './state_cache.ts';

type CreateCommand = Extract<Command, { kind: 'create' }>;

/** Something to do with one task, in its turn. */
interface Turn {
  /** The command; absent when the task is only to be looked at. */
  readonly command?: Command;
  /** Of the command that makes the task. */
  readonly creation?: Creation;
  /** What is done instead of deciding, with nothing else of the task under way; its state is then read anew. */
  readonly work?: () => Promise<void>;
  /** Runs once the events are durable and before anything else happens to the task. */
  readonly tell: (state: TaskState, events: readonly TaskEvent[]) => void;
  readonly fail: (error: unknown) => void;
}

/** What a new task is made from. */
export interface Creation {
  readonly compiled: CompiledTemplate;
  /** Reserves the key in the commit that makes the task. */
  readonly idempotency?: TaskCommit['idempotency'];
}

/** What the host of tasks needs from its surroundings. */
export interface TaskHostOptions {
  readonly store: Store;
  readonly env: Environment;
  /** The compiled template of a digest that the store knows. */
  loadTemplate(digest: string): Promise<CompiledTemplate>;
  /**
   * What a commit changes besides the journal; called with the state after the events, before they are durable.
   * `stale` are steps whose timer fired for nothing.
   */
  plan(state: TaskState, events: readonly TaskEvent[], stale: readonly string[]): CommitPlan;
  /** How many task states are kept in memory. */
  readonly cachedTasksMax: number;
  /** Spares long journals from being folded from their start; without it they all are. */
  readonly snapshots?: Snapshots;
  /** How many bytes of large values those may hold together; any number when absent. */
  readonly cachedLargeBytesMax?: number;
}

/** A commit, and what follows once it is durable. */
export interface CommitPlan {
  /** With `events` where the journal has them otherwise than the state: large values stand apart. */
  readonly commit: Omit<TaskCommit, 'task_id' | 'expected_seq' | 'events'> & Partial<Pick<TaskCommit, 'events'>>;
  readonly afterwards: () => void;
}

/**
 * Owns the states of tasks: load, decide, commit, and only then tell. Everything that concerns one task happens in
 * turns, one batch at a time; different tasks share the store's group commit. States run ahead of the store by the
 * batch that is being committed; a commit that fails throws the state away, and the next turn folds the journal anew.
 */
export class TaskHost {
  readonly #options: TaskHostOptions;
  readonly #turns = new Map<string, Turn[]>();
  readonly #states: StateCache;
  readonly #running = new Set<Promise<void>>();

  constructor(options: TaskHostOptions) {
    this.#options = options;
    const { cachedTasksMax: tasks_max, cachedLargeBytesMax: large_bytes_max = Number.POSITIVE_INFINITY } = options;
    // A task whose turn it is holds its state.
    this.#states = new StateCache({ tasks_max, large_bytes_max }, (taskId) => this.#turns.has(taskId));
  }

  /** Makes a task, under an id that no task has. @throws idempotency_conflict, store_unavailable */
  create<T>(command: CreateCommand, creation: Creation, view: (state: TaskState) => T): Promise<T> {
    return this.#take(command.task_id, view, { command, creation });
  }

  /**
   * Decides a command in the task's turn and resolves with `view` of the state once its events are durable.
   * @throws task_not_found, what `decide` refuses with, what `view` throws, store_conflict, store_unavailable
   */
  perform<T>(
    taskId: string,
    command: Command,
    view: (state: TaskState, events: readonly TaskEvent[]) => T,
  ): Promise<T> {
    return this.#take(taskId, view, { command });
  }

  /** Looks at a task's durable state. @throws task_not_found, what `view` throws */
  look<T>(taskId: string, view: (state: TaskState) => T): Promise<T> {
    return this.#take(taskId, view, {});
  }

  /** Does something to what the store has of a task, in its turn and alone. @throws what `work` throws */
  alone<T>(taskId: string, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#enqueue(taskId, { work: () => work().then(resolve), tell: () => undefined, fail: reject });
    });
  }

  /**
   * The number that no event of a task has passed, while the task is unsettled and held in memory; undefined otherwise.
   * Ahead of the store by what is being committed.
   */
  lastSeq(taskId: string): number | undefined {
    const head = this.#states.get(taskId)?.head;
    return head === undefined || isSettled(head.status) ? undefined : head.seq;
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#options.snapshots?.idle();
  }

  #take<T>(
    taskId: string,
    view: (state: TaskState, events: readonly TaskEvent[]) => T,
    rest: Pick<Turn, 'command' | 'creation'>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const tell: Turn['tell'] = (state, events) => {
        // A view that throws is an answer to who asked; the others in the batch have nothing to do with it.
        try {
          resolve(view(state, events));
        } catch (error) {
          reject(error);
        }
      };
      this.#enqueue(taskId, { ...rest, tell, fail: reject });
    });
  }

  #enqueue(taskId: string, turn: Turn): void {
    const waiting = this.#turns.get(taskId);
    if (waiting !== undefined) {
      waiting.push(turn);
      return;
    }
    this.#turns.set(taskId, [turn]);
    const run = this.#run(taskId).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #run(taskId: string): Promise<void> {
    const waiting = this.#turns.get(taskId)!;
    while (waiting.length > 0) {
      const turns = waiting.splice(0, batchLength(waiting));
      const work = turns[0]!.work;
      try {
        if (work === undefined) {
          await this.#batch(taskId, turns);
        } else {
          this.#states.delete(taskId);
          await work();
        }
      } catch (error) {
        this.#states.delete(taskId);
        for (const turn of turns) turn.fail(error);
      }
    }
    this.#turns.delete(taskId);
  }

  /** Decides all that waits, commits once, then tells. A command that cannot be decided fails alone. */
  async #batch(taskId: string, turns: readonly Turn[]): Promise<void> {
    const creation = turns[0]?.creation;
    let state = creation === undefined ? await this.#load(taskId) : emptyTask(creation.compiled, new Map(), new Map());
    const expected_seq = state.head.seq;
    const events: TaskEvent[] = [];
    const decided: { turn: Turn; events: readonly TaskEvent[] }[] = [];
    for (const turn of turns) {
      const own = this.#decide(state, turn);
      if (own === undefined) continue;
      for (const event of own) {
        state = apply(state, event);
        events.push(event);
      }
      decided.push({ turn, events: own });
    }
    const stale = decided.filter(({ events: own }) => own.length === 0).flatMap(({ turn }) => timedStep(turn.command));
    const plan = events.length + stale.length > 0 ? this.#options.plan(state, events, stale) : undefined;
    if (plan !== undefined) {
      const idempotency = creation?.idempotency === undefined ? {} : { idempotency: creation.idempotency };
      await this.#options.store.commit({ task_id: taskId, expected_seq, events, ...plan.commit, ...idempotency });
      const largeBytes = journaledBytes(plan.commit);
      if (creation !== undefined) this.#states.set(taskId, state, largeBytes);
      else this.#states.grew(taskId, largeBytes);
    }
    for (const { turn, events: own } of decided) turn.tell(state, own);
    plan?.afterwards();
    if (events.length > 0) this.#options.snapshots?.committed(state);
  }

  /** The events of a turn; undefined when it failed, which leaves the state as it is. */
  #decide(state: TaskState, { command, fail }: Turn): readonly TaskEvent[] | undefined {
    try {
      return command === undefined ? [] : decide(state, command, this.#options.env);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  async #load(taskId: string): Promise<TaskState> {
    const cached = this.#states.get(taskId);
    if (cached !== undefined) return cached;
    const { state, large_bytes } = (await this.#options.snapshots?.load(taskId)) ?? (await this.#fold(taskId));
    this.#states.set(taskId, state, large_bytes);
    return state;
  }

  async #fold(taskId: string): Promise<LoadedState> {
    const { store, loadTemplate } = this.#options;
    const { value: entries, bytes } = await inflateJournal(taskId, await store.readJournal(taskId), store);
    const first = entries[0]?.events[0];
    if (first?.kind !== 'task_created') throw new WeftError('task_not_found', { task_id: taskId });
    return { state: fold(await loadTemplate(first.template.digest), entries), large_bytes: bytes };
  }
}

/** Of the large values that a commit adds to the state. */
function journaledBytes({ blobs = [] }: CommitPlan['commit']): number {
  return blobs.reduce((sum, { holder, data }) => sum + (holder === '' ? data.length : 0), 0);
}

/** How many of the turns that wait are decided together: up to one that wants the task for itself. */
function batchLength(waiting: readonly Turn[]): number {
  const alone = waiting.findIndex(({ work }) => work !== undefined);
  return alone === -1 ? waiting.length : Math.max(alone, 1);
}

function timedStep(command: Command | undefined): readonly string[] {
  return command?.kind === 'fire_retry' || command?.kind === 'fire_deadline' ? [command.step_id] : [];
}
