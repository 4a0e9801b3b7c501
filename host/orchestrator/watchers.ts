/** Somebody who waits for a task to change. */
export interface Watcher {
  /** Resolves at the next change from now on, or when the watcher's signal aborts. */
  next(): Promise<void>;
  close(): void;
}

/**
 * Tells watchers that a task changed, and nothing more: they read what changed from the store, so a slow watcher
 * costs no memory and misses nothing.
 */
export class Watchers {
  readonly #waking = new Map<string, Set<() => void>>();

  /** A task's events became durable. */
  changed(taskId: string): void {
    for (const wake of this.#waking.get(taskId) ?? []) wake();
  }

  watch(taskId: string, signal: AbortSignal): Watcher {
    let wake = (): void => undefined;
    const entry = (): void => wake();
    const watchers = this.#waking.get(taskId) ?? new Set();
    this.#waking.set(taskId, watchers.add(entry));
    signal.addEventListener('abort', entry);
    return {
      next: () =>
        new Promise((resolve) => {
          wake = resolve;
          if (signal.aborted) resolve();
        }),
      close: () => {
        signal.removeEventListener('abort', entry);
        watchers.delete(entry);
        if (watchers.size === 0) this.#waking.delete(taskId);
      },
    };
  }
}
