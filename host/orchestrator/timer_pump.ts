import { WeftError } from '../../kernel/errors.ts';
import type { Command } from '../../kernel/task/commands.ts';
import type { Clock } from '../clock.ts';
import type { Store, TimerRow } from '../store/port.ts';

/** Timeouts do not see the clock being set or the machine asleep, so none is trusted for longer. */
const SLEEP_MS_MAX = 60_000;
const BATCH = 256;
/** How long to leave a store alone that did not take what is due. */
const RETRY_MS = 1_000;

/** What the pump needs from its surroundings. */
export interface TimerPumpOptions {
  readonly store: Pick<Store, 'dueTimers' | 'nextTimerAt'>;
  readonly clock: Clock;
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
  #sleeping: { cancel: () => void; until: number } | undefined;
  #pumping: Promise<void> | undefined;
  #again = false;
  #closed = false;
  /** Timers that can never be fired: a defect, or a damaged task, that must not keep the others waiting. */
  readonly #dead = new Set<string>();

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
    this.#sleeping?.cancel();
    await this.#pumping;
  }

  #sleep(until: number): void {
    this.#sleeping?.cancel();
    const ms = Math.min(Math.max(until - this.#options.clock.now(), 0), SLEEP_MS_MAX);
    const cancel = this.#options.clock.after(ms, () => {
      this.#sleeping = undefined;
      void this.#pump();
    });
    this.#sleeping = { cancel, until };
  }

  async #pump(): Promise<void> {
    this.#pumping ??= this.#fireAndSleep();
    await this.#pumping;
  }

  async #fireAndSleep(): Promise<void> {
    let next: number | undefined;
    do {
      this.#again = false;
      try {
        next = await this.#options.store.nextTimerAt(await this.#fireDue());
      } catch (error) {
        this.#options.onError(error);
        next = this.#options.clock.now() + RETRY_MS;
      }
    } while (this.#again && !this.#closed);
    // In the same turn as the last look at `again`: a timer that is scheduled now starts the next sleep.
    this.#pumping = undefined;
    if (next !== undefined && !this.#closed) this.#sleep(next);
  }

  /** Fires all that is due; resolves with the moment up to which everything was. */
  async #fireDue(): Promise<number> {
    for (;;) {
      const now = this.#options.clock.now();
      const rows = await this.#options.store.dueTimers(now, BATCH + this.#dead.size);
      const due = rows.filter((row) => !this.#dead.has(keyOf(row)));
      if (due.length === 0 || this.#closed) return now;
      const fired = await Promise.allSettled(due.map((row) => this.#options.fire(row.task_id, commandOf(row, now))));
      let failed = 0;
      for (const [index, each] of fired.entries()) {
        if (each.status === 'fulfilled') continue;
        this.#options.onError(each.reason);
        if (each.reason instanceof WeftError && each.reason.kind === 'retry') failed++;
        else this.#dead.add(keyOf(due[index]!));
      }
      // What could not be fired stays in the store.
      if (failed > 0)
        throw new Error(`${failed} of ${due.length} due timers could not be fired; they will be tried again`);
    }
  }
}

function keyOf({ step_id, attempt, activation, kind, name }: TimerRow): string {
  return `${step_id}/${attempt}/${activation}/${kind}/${name}`;
}

function commandOf(row: TimerRow, at: number): Command {
  const fence = { step_id: row.step_id, attempt: row.attempt, activation: row.activation, at };
  return row.kind === 'retry' ? { kind: 'fire_retry', ...fence } : { kind: 'fire_deadline', ...fence, name: row.name };
}
