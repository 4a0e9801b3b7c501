import type { Logger } from 'pino';
import type { StepStatus } from '../../kernel/task/events.ts';
import type { TaskState } from '../../kernel/task/state.ts';
import type { Clock } from '../clock.ts';
import type { ComponentStore } from '../sandbox/component_store.ts';
import type { Store } from '../store/port.ts';
import type { Catalog } from './catalog.ts';
import { entryOf } from './load_component.ts';

/** What looking after kept components takes. */
export interface KeptComponentsOptions {
  readonly components: Pick<ComponentStore, 'kept' | 'discard'>;
  readonly store: Pick<Store, 'listTasks'>;
  readonly look: <T>(taskId: string, view: (state: TaskState) => T) => Promise<T>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/** After a start, everything else is more urgent. */
const FIRST_MS = 60_000;
const EVERY_MS = 6 * 60 * 60_000;
const PAGE = 100;
const UNSETTLED = ['pending', 'running', 'waiting', 'blocked_by_failures'] as const;
/** What has its result needs its handler no more. */
const DONE: readonly StepStatus[] = ['complete', 'cancelled', 'resolved_manually', 'superseded'];

/** Keeps what earlier processes loaded, for the steps that are pinned to it. */
export async function keepEarlier(components: Pick<ComponentStore, 'keepEarlier'>, catalog: Catalog): Promise<void> {
  for (const component of await components.keepEarlier()) catalog.keep(entryOf(component));
}

/** Looks from time to time for components that no directory brings any more and no unsettled step is pinned to. */
export class KeptComponents {
  readonly #options: KeptComponentsOptions;
  #sleep: (() => void) | undefined;
  #collecting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: KeptComponentsOptions) {
    this.#options = options;
  }

  start(delay_ms = FIRST_MS): void {
    if (this.#closed) return;
    this.#sleep = this.#options.clock.after(delay_ms, () => {
      this.#collecting = this.collect()
        .catch((error: unknown) =>
          this.#options.logger.error({ err: error }, 'components that nobody needs could not be looked for'),
        )
        .finally(() => this.start(EVERY_MS));
    });
  }

  /** Deletes them. A task that cannot be read keeps them all. */
  async collect(): Promise<void> {
    const { components, logger } = this.#options;
    const kept = components.kept();
    if (kept.length === 0) return;
    const pinned = await this.#pinned();
    const unneeded = kept.filter(({ digest }) => !pinned.has(digest));
    if (unneeded.length === 0 || this.#closed) return;
    await components.discard(unneeded);
    logger.info({ digests: unneeded.map(({ digest }) => digest) }, 'components that nobody needs were deleted');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sleep?.();
    await this.#collecting;
  }

  /** Digests that steps of unsettled tasks are pinned to and may still run. */
  async #pinned(): Promise<ReadonlySet<string>> {
    const { store, look } = this.#options;
    const pinned = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await store.listTasks({
        status: UNSETTLED,
        limit: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { task_id } of page.items) {
        if (this.#closed) return pinned;
        for (const digest of await look(task_id, pinsOf)) pinned.add(digest);
      }
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    return pinned;
  }
}

function pinsOf({ steps }: TaskState): readonly string[] {
  return [...steps.values()].flatMap(({ pin, status }) => (pin === null || DONE.includes(status) ? [] : pin.digest));
}
