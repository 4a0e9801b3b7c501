import { setTimeout as sleep } from 'node:timers/promises';

/** What a pacer tells time by. */
export interface PacerClock {
  /** Milliseconds of any beginning; never goes back. */
  readonly now: () => number;
  /** Resolves early when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const MONOTONIC: PacerClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

/**
 * Holds a run to a number of calls in a second, of which the first second's may come at once: whoever is faster waits for
 * its turn, which costs it its own time.
 */
export function createPacer(perSecond: number, signal?: AbortSignal, clock = MONOTONIC): () => Promise<void> {
  let credit = perSecond;
  let last = clock.now();
  return async () => {
    const now = clock.now();
    credit = Math.min(perSecond, credit + ((now - last) / 1_000) * perSecond) - 1;
    last = now;
    if (credit < 0) await clock.sleep((-credit / perSecond) * 1_000, signal);
  };
}
