import type { Command } from '../../kernel/task/commands.ts';
import type { Store, TimerRow } from '../store/port.ts';

/** Node's longest timeout. */
const SLEEP_MS_MAX = 2 ** 31 - 1;
const BATCH = 256;
/** How long to leave a store alone that did not take what is due. */
const RETRY_MS = 1_000;

/** What the pump needs from its surroundings. */
export interface TimerPumpOptions {
  readonly store: Pick<Store, 'dueTimers' | 'nextTimerAt'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Decides a fired timer; resolves once that is durable. */
  readonly fire: (taskId: string, command: Command) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Fires the store's timers when they are due: one sleeping timeout for the earliest, whatever their number. Overdue
 * timers fire once after a start, since firing clears them in the same commit as what they cause.
 */
export class TimerPump {
  readonly #options: TimerPumpOptions;
  #sleeping: { timeout: NodeJS.Timeout; until: number } | undefined;
  #pumping: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: TimerPumpOptions) {
    this.#options = options;
  }

  /** Fires what is overdue and sleeps until the next. */
  async start(): Promise<void> {
    await this.#pump();
  }

  /** A timer was made durable. */
  scheduled(at: number): void {
    if (this.#closed || (this.#sleeping !== undefined && this.#sleeping.until <= at)) return;
    if (this.#pumping === undefined) this.#sleep(at);
    else this.#again = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sleeping?.timeout);
    await this.#pumping;
  }

  #sleep(until: number): void {
    clearTimeout(this.#sleeping?.timeout);
    const ms = Math.min(Math.max(until - this.#options.now(), 0), SLEEP_MS_MAX);
    const timeout = setTimeout(() => {
      this.#sleeping = undefined;
      void this.#pump();
    }, ms);
    this.#sleeping = { timeout, until };
  }

  async #pump(): Promise<void> {
    if (this.#pumping !== undefined) return this.#pumping;
    this.#pumping = this.#fireAndSleep();
    await this.#pumping;
    this.#pumping = undefined;
    if (this.#again && !this.#closed) {
      this.#again = false;
      await this.#pump();
    }
  }

  async #fireAndSleep(): Promise<void> {
    let next: number | undefined;
    try {
      await this.#fireDue();
      next = await this.#options.store.nextTimerAt(0);
    } catch (error) {
      this.#options.onError(error);
      next = this.#options.now() + RETRY_MS;
    }
    if (next !== undefined && !this.#closed) this.#sleep(next);
  }

  async #fireDue(): Promise<void> {
    for (;;) {
      const now = this.#options.now();
      const due = await this.#options.store.dueTimers(now, BATCH);
      if (due.length === 0 || this.#closed) return;
      const fired = await Promise.allSettled(due.map((row) => this.#options.fire(row.task_id, commandOf(row, now))));
      const failed = fired.filter((each) => each.status === 'rejected');
      for (const { reason } of failed) this.#options.onError(reason);
      // What could not be fired stays in the store.
      if (failed.length > 0) throw new Error(`${failed.length} of ${due.length} due timers could not be fired`);
    }
  }
}

function commandOf(row: TimerRow, at: number): Command {
  const fence = { step_id: row.step_id, attempt: row.attempt, activation: row.activation, at };
  return row.kind === 'retry' ? { kind: 'fire_retry', ...fence } : { kind: 'fire_deadline', ...fence, name: row.name };
}
