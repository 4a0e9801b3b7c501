/** The time as the engine sees it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, later; what it gives takes that back. */
  after(delay_ms: number, then: () => void): () => void;
}

/** The machine's. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after(delay_ms, then) {
    const timeout = setTimeout(then, delay_ms);
    return () => clearTimeout(timeout);
  },
};
