import type { TaskState } from '../../kernel/task/state.ts';

/** How much the cache may hold. */
export interface StateCacheLimits {
  /** Tasks. */
  readonly tasks_max: number;
  /** Of the JSON of large values; what else a state holds is not counted. */
  readonly large_bytes_max: number;
}

/** A state that was read from the store. */
export interface LoadedState {
  readonly state: TaskState;
  /** Of the JSON of its large values. */
  readonly large_bytes: number;
}

interface Kept {
  readonly state: TaskState;
  large_bytes: number;
}

/** States of tasks, so that they need not be folded again. Drops the least recently used when it holds too much. */
export class StateCache {
  readonly #limits: StateCacheLimits;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  readonly #isBusy: (taskId: string) => boolean;
  #large_bytes = 0;

  /** @param isBusy tells the tasks whose state somebody holds: dropping it would only fold it again. */
  constructor(limits: StateCacheLimits, isBusy: (taskId: string) => boolean) {
    this.#limits = limits;
    this.#isBusy = isBusy;
  }

  /** The state, which now is the most recently used. */
  get(taskId: string): TaskState | undefined {
    const kept = this.#kept.get(taskId);
    if (kept === undefined) return undefined;
    this.#kept.delete(taskId);
    this.#kept.set(taskId, kept);
    return kept.state;
  }

  set(taskId: string, state: TaskState, large_bytes: number): void {
    this.delete(taskId);
    this.#kept.set(taskId, { state, large_bytes });
    this.#large_bytes += large_bytes;
    this.#shrink();
  }

  /** A state that is kept took in more large values. */
  grew(taskId: string, large_bytes: number): void {
    const kept = this.#kept.get(taskId);
    if (kept === undefined || large_bytes === 0) return;
    kept.large_bytes += large_bytes;
    this.#large_bytes += large_bytes;
    this.#shrink();
  }

  delete(taskId: string): void {
    this.#large_bytes -= this.#kept.get(taskId)?.large_bytes ?? 0;
    this.#kept.delete(taskId);
  }

  #isFull(): boolean {
    return this.#kept.size > this.#limits.tasks_max || this.#large_bytes > this.#limits.large_bytes_max;
  }

  #shrink(): void {
    if (!this.#isFull()) return;
    for (const candidate of this.#kept.keys()) {
      if (this.#isBusy(candidate)) continue;
      this.delete(candidate);
      if (!this.#isFull()) return;
    }
  }
}
