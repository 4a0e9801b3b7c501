import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Store } from '../store/port.ts';

/** Between two looks at what nobody refers to. */
export const COLLECT_EVERY_MS = 10 * 60_000;
/**
 * How long a large value without a reference stays: a broker leaves one before the result message that refers to it,
 * and that message may wait for an orchestrator that is down.
 */
export const BLOB_GRACE_MS = 24 * 60 * 60_000;
/** Bounds how long one transaction deletes. */
const BATCH = 64;

/** What the collector needs from its surroundings. */
export interface BlobCollectorOptions {
  readonly store: Pick<Store, 'collectBlobs'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'debug' | 'warn'>;
}

/** Removes large values that nobody refers to any more: once at the start, then every `COLLECT_EVERY_MS`. */
export class BlobCollector {
  readonly #options: BlobCollectorOptions;
  #cancel: () => void = () => undefined;
  #collecting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: BlobCollectorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#collecting = this.#collect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#collecting;
  }

  async #collect(): Promise<void> {
    const { store, clock, logger } = this.#options;
    try {
      const before = clock.now() - BLOB_GRACE_MS;
      let blobs = 0;
      let bytes = 0;
      for (let full = true; full && !this.#closed; ) {
        const removed = await store.collectBlobs(before, BATCH);
        blobs += removed.blobs;
        bytes += removed.bytes;
        full = removed.blobs === BATCH;
      }
      if (blobs > 0) logger.debug({ blobs, bytes }, 'large values that nobody refers to were removed');
    } catch (error) {
      logger.warn({ err: error }, 'large values could not be collected; trying again later');
    }
    if (this.#closed) return;
    this.#cancel = clock.after(COLLECT_EVERY_MS, () => {
      this.#collecting = this.#collect();
    });
  }
}
