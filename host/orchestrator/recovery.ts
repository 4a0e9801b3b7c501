import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { Environment } from '../../kernel/task/commands.ts';
import { compiledOf, type TaskState } from '../../kernel/task/state.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store/port.ts';
import type { TaskHost } from './task_host.ts';

/** What recovery needs from its surroundings. */
export interface RecoveryOptions {
  readonly store: Pick<Store, 'listDispatches'>;
  readonly tasks: TaskHost;
  readonly env: Environment;
  /** Whether a component can be run by some worker. */
  readonly canRun: (digest: string) => boolean;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
  /** Sends again what a task's steps have no answer to. */
  readonly resend: (taskId: string) => Promise<void>;
  /** Aborts once nothing more shall be woken. */
  readonly signal: AbortSignal;
}

/** How many unanswered dispatches are read at a time. */
const PAGE = 200;

/** Takes up what waits: everything after a start, and steps without a worker when handlers have come. */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** Sends again every dispatch that has no answer; what waited for a worker is tried anew. @throws store_unavailable */
  async recover(): Promise<void> {
    const { tasks, clock, logger, resend } = this.#options;
    for await (const task_id of this.#dispatching()) {
      try {
        await resend(task_id);
        await tasks.perform(task_id, { kind: 'worker_available', at: clock.now() }, () => undefined);
      } catch (error) {
        if (error instanceof WeftError && error.kind === 'retry') throw error;
        logger.error({ err: error, task_id }, 'a task cannot be taken up again');
      }
    }
  }

  /** Handlers came or went: steps that waited for one that is here now go on. Never rejects. */
  async workersChanged(): Promise<void> {
    const { logger, signal } = this.#options;
    try {
      for await (const task_id of this.#dispatching()) {
        if (signal.aborted) return;
        await this.#wake(task_id).catch((error: unknown) => {
          logger.error({ err: error, task_id }, 'steps that wait for a worker could not be woken');
        });
      }
    } catch (error) {
      logger.error({ err: error }, 'steps that wait for a worker could not be looked for');
    }
  }

  async #wake(taskId: string): Promise<void> {
    const { tasks, clock } = this.#options;
    // What would only wait again is left alone: each try is journaled.
    if (!(await tasks.look(taskId, (state) => this.#isHopeful(state)))) return;
    await tasks.perform(taskId, { kind: 'worker_available', at: clock.now() }, () => undefined);
  }

  #isHopeful(state: TaskState): boolean {
    const { env, canRun } = this.#options;
    return [...state.steps.values()].some((step) => {
      if (step.status !== 'waiting_for_worker') return false;
      if (step.pin !== null) return canRun(step.pin.digest);
      const { handler_name, handler_range } = compiledOf(state, step);
      return env.resolveHandler(handler_name, handler_range) !== undefined;
    });
  }

  /** Ids of the tasks with dispatches that wait for an answer or a worker, each once. */
  async *#dispatching(): AsyncIterable<string> {
    // Those of one task stand together.
    let told: string | undefined;
    let cursor: string | undefined;
    do {
      const page = await this.#options.store.listDispatches({
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { task_id } of page.items) {
        if (told === task_id) continue;
        told = task_id;
        yield task_id;
      }
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }
}
