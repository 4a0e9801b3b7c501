import { WeftError } from '../../kernel/errors.ts';
import type { Command } from '../../kernel/task/commands.ts';
import type { Clock } from '../clock.ts';
import type { DispatchRow, Store } from '../store/port.ts';
import type { Claim } from './claims.ts';

/** Between two looks; a shorter patience is looked after as often as it needs. */
const LOOK_MS_MAX = 60_000;
const LOOK_MS_MIN = 250;
const PAGE = 200;

/** What the watch needs from its surroundings. */
export interface StuckWatchOptions {
  readonly store: Pick<Store, 'listDispatches' | 'listDeadLetters'>;
  readonly clock: Clock;
  /** How long a step may wait to be taken up, in milliseconds; 0 for as long as it takes. */
  readonly after_ms: number;
  /** Who runs a dispatch, if somebody does. */
  readonly claimOf: (dispatch: DispatchRow) => Claim | undefined;
  /** Decides a command; resolves once that is durable. */
  readonly perform: (taskId: string, command: Command) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Looks from time to time for dispatches that nobody took, and marks their steps as stuck; those that somebody took
 * after all are no longer. Whatever else moves a step on takes it off the list by itself.
 */
export class StuckWatch {
  readonly #options: StuckWatchOptions;
  #cancel: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #started_at = 0;
  #closed = false;

  constructor(options: StuckWatchOptions) {
    this.#options = options;
  }

  /** The first look is after as long as a step may wait: everything was just sent again. */
  start(): void {
    this.#started_at = this.#options.clock.now();
    this.#sleep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#looking;
  }

  #sleep(): void {
    if (this.#closed || this.#options.after_ms === 0) return;
    const ms = Math.min(Math.max(this.#options.after_ms / 4, LOOK_MS_MIN), LOOK_MS_MAX);
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => this.#sleep());
    });
  }

  async #look(): Promise<void> {
    const known = await this.#known();
    const { store, clock, after_ms, claimOf } = this.#options;
    const now = clock.now();
    let cursor: string | undefined;
    do {
      const page = await store.listDispatches({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      cursor = page.next_cursor;
      for (const row of page.items) {
        if (this.#closed) return;
        if (row.enqueued_at > now - after_ms) continue;
        const { task_id, step_id, attempt, activation } = row;
        const fence = { at: now, step_id, attempt, activation };
        const claim = claimOf(row);
        if (claim !== undefined && known.has(step_id)) {
          await this.#tell(task_id, { kind: 'record_taken', ...fence, broker: claim.broker });
        }
        // Before the start somebody may have had it; since then it was there to be taken.
        const isTooLong = Math.max(row.enqueued_at, this.#started_at) <= now - after_ms;
        if (claim === undefined && isTooLong && !known.has(step_id)) {
          await this.#tell(task_id, { kind: 'mark_stuck', ...fence, since: row.enqueued_at });
        }
      }
    } while (cursor !== undefined);
  }

  /** Ids of the steps that are in the list as stuck. */
  async #known(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.listDeadLetters({
        state: ['open'],
        reason: ['stuck'],
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { step_id } of page.items) ids.add(step_id);
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    return ids;
  }

  /** One task that cannot be told keeps no other waiting; a store that is away ends the look. */
  async #tell(taskId: string, command: Command): Promise<void> {
    try {
      await this.#options.perform(taskId, command);
    } catch (error) {
      if (error instanceof WeftError && error.kind === 'retry') throw error;
      this.#options.onError(error);
    }
  }
}
