import { WeftError } from '../../kernel/errors.ts';
import { apply, fold } from '../../kernel/task/apply.ts';
import type { Command, Environment } from '../../kernel/task/commands.ts';
import { decide } from '../../kernel/task/decide.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { emptyTask, type TaskState } from '../../kernel/task/state.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import type { Store, TaskCommit } from '../store/port.ts';

/** Something to do with one task, in its turn. */
interface Turn {
  /** The command; absent when the task is only to be looked at. */
  readonly command?: Command;
  /** More for the commit that carries the command's events. */
  readonly idempotency?: TaskCommit['idempotency'];
  /** Runs once the events are durable and before anything else happens to the task. */
  readonly tell: (state: TaskState, events: readonly TaskEvent[]) => void;
  readonly fail: (error: unknown) => void;
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
}

/** A commit, and what follows once it is durable. */
export interface CommitPlan {
  readonly commit: Omit<TaskCommit, 'task_id' | 'expected_seq' | 'events'>;
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
  /** Least recently used first. */
  readonly #states = new Map<string, TaskState>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: TaskHostOptions) {
    this.#options = options;
  }

  /** Puts a new task in memory; its `create` command makes it real. */
  begin(taskId: string, compiled: CompiledTemplate): void {
    this.#keep(taskId, emptyTask(compiled, new Map(), new Map()));
  }

  /**
   * Decides a command in the task's turn and resolves with `view` of the state once its events are durable.
   * @throws task_not_found, what `decide` refuses with, store_conflict, store_unavailable
   */
  perform<T>(
    taskId: string,
    command: Command,
    view: (state: TaskState, events: readonly TaskEvent[]) => T,
    idempotency?: TaskCommit['idempotency'],
  ): Promise<T> {
    return this.#take(taskId, view, { command, ...(idempotency === undefined ? {} : { idempotency }) });
  }

  /** Looks at a task's durable state. @throws task_not_found */
  look<T>(taskId: string, view: (state: TaskState) => T): Promise<T> {
    return this.#take(taskId, view, {});
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #take<T>(
    taskId: string,
    view: (state: TaskState, events: readonly TaskEvent[]) => T,
    rest: Pick<Turn, 'command' | 'idempotency'>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const turn: Turn = { ...rest, tell: (state, events) => resolve(view(state, events)), fail: reject };
      const waiting = this.#turns.get(taskId);
      if (waiting !== undefined) {
        waiting.push(turn);
        return;
      }
      this.#turns.set(taskId, [turn]);
      const run = this.#run(taskId).finally(() => this.#running.delete(run));
      this.#running.add(run);
    });
  }

  async #run(taskId: string): Promise<void> {
    for (;;) {
      const turns = this.#turns.get(taskId)!;
      if (turns.length === 0) break;
      this.#turns.set(taskId, []);
      try {
        await this.#batch(taskId, turns);
      } catch (error) {
        this.#states.delete(taskId);
        for (const turn of turns) turn.fail(error);
      }
    }
    this.#turns.delete(taskId);
  }

  /** Decides all that waits, commits once, then tells. A refused command fails alone. */
  async #batch(taskId: string, turns: readonly Turn[]): Promise<void> {
    let state = await this.#load(taskId);
    const expected_seq = state.head.seq;
    const events: TaskEvent[] = [];
    const decided: { turn: Turn; events: readonly TaskEvent[] }[] = [];
    for (const turn of turns) {
      try {
        const own = turn.command === undefined ? [] : decide(state, turn.command, this.#options.env);
        for (const event of own) state = apply(state, event);
        events.push(...own);
        decided.push({ turn, events: own });
      } catch (error) {
        if (error instanceof WeftError && error.kind === 'reject') turn.fail(error);
        else throw error;
      }
    }
    const stale = decided.filter(({ events: own }) => own.length === 0).flatMap(({ turn }) => timedStep(turn.command));
    const plan = events.length + stale.length > 0 ? this.#options.plan(state, events, stale) : undefined;
    if (plan !== undefined) {
      const idempotency = turns.find((turn) => turn.idempotency !== undefined)?.idempotency;
      await this.#options.store.commit({
        task_id: taskId,
        expected_seq,
        events,
        ...plan.commit,
        ...(idempotency === undefined ? {} : { idempotency }),
      });
    }
    for (const { turn, events: own } of decided) turn.tell(state, own);
    plan?.afterwards();
  }

  async #load(taskId: string): Promise<TaskState> {
    const cached = this.#states.get(taskId);
    if (cached !== undefined) {
      this.#keep(taskId, cached);
      return cached;
    }
    const entries = await this.#options.store.readJournal(taskId);
    const first = entries[0]?.events[0];
    if (first?.kind !== 'task_created') throw new WeftError('task_not_found', { task_id: taskId });
    const state = fold(await this.#options.loadTemplate(first.template.digest), entries);
    this.#keep(taskId, state);
    return state;
  }

  #keep(taskId: string, state: TaskState): void {
    this.#states.delete(taskId);
    this.#states.set(taskId, state);
    if (this.#states.size <= this.#options.cachedTasksMax) return;
    for (const candidate of this.#states.keys()) {
      // A task whose turn it is holds its state; dropping it would only fold it again.
      if (this.#turns.has(candidate)) continue;
      this.#states.delete(candidate);
      if (this.#states.size <= this.#options.cachedTasksMax) return;
    }
  }
}

function timedStep(command: Command | undefined): readonly string[] {
  return command?.kind === 'fire_retry' || command?.kind === 'fire_deadline' ? [command.step_id] : [];
}
