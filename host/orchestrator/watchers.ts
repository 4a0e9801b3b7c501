import type { NumberedEvent } from './port.ts';

/** Somebody who follows a task. */
export interface Watcher {
  /**
   * Resolves with what became durable since the last call, as soon as there is something; with undefined when that is
   * more than is kept, so that it has to be read from the store; with nothing once the signal aborts.
   */
  next(): Promise<readonly NumberedEvent[] | undefined>;
  close(): void;
}

/**
 * A watcher that falls this many events behind reads from the store again: a slow one costs no memory. What one commit
 * brings is kept whole by those who have kept up, since reading it in pages parses it anew for each page.
 */
const KEPT_MAX = 1_000;

/** Tells those who follow tasks what became durable. */
export class Watchers {
  readonly #of = new Map<string, Set<(events: readonly NumberedEvent[]) => void>>();

  /** Whether somebody follows the task. */
  has(taskId: string): boolean {
    return this.#of.has(taskId);
  }

  /** Events of a task became durable. */
  publish(taskId: string, events: readonly NumberedEvent[]): void {
    for (const tell of this.#of.get(taskId) ?? []) tell(events);
  }

  watch(taskId: string, signal: AbortSignal): Watcher {
    let kept: readonly NumberedEvent[] | undefined = [];
    let wake = (): void => undefined;
    const tell = (events: readonly NumberedEvent[]): void => {
      if (kept?.length === 0) kept = events;
      else if (kept !== undefined) kept = kept.length + events.length > KEPT_MAX ? undefined : [...kept, ...events];
      wake();
    };
    const abort = (): void => wake();
    const watchers = this.#of.get(taskId) ?? new Set();
    this.#of.set(taskId, watchers.add(tell));
    signal.addEventListener('abort', abort);
    return {
      async next() {
        if (kept?.length === 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const taken = kept;
        kept = [];
        return taken;
      },
      close: () => {
        signal.removeEventListener('abort', abort);
        watchers.delete(tell);
        if (watchers.size === 0) this.#of.delete(taskId);
      },
    };
  }
}
