/**
 * What libraries expect of a JavaScript environment and a sealed guest lacks. Guests have no clock and no entropy
 * (their WASI is stubbed and traps): time comes from `clock.ts`, which only handlers that declare the clock import,
 * and `Math.random` is a generator seeded by the step, so that running a dispatch again gives the same result.
 */

const silent = () => {};

let askTime = (): number => {
  throw new TypeError('this handler has no clock: declare weft:clock/wall-clock@1.0.0 in its capability');
};
let time: number | undefined;

/** Gives `Date` a source of time, in milliseconds since 1970; it is asked at most once in a run. */
export function installClock(ask: () => number): void {
  askTime = ask;
}

/** The time of this run, in milliseconds since 1970. */
export function now(): number {
  time ??= askTime();
  return time;
}

let state = 1;

/** Forgets the time, and makes `Math.random` a function of the step's idempotency key; called before each run. */
export function beginRun(idempotencyKey: string): void {
  time = undefined;
  // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
  state = 0x811c9dc5;
  for (let at = 0; at < idempotencyKey.length; at++) {
    state = Math.imul(state ^ idempotencyKey.charCodeAt(at), 0x01000193);
  }
}

/** Mulberry32 (Tommy Ettinger, public domain): one 32-bit word of state, passes gjrand. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let word = Math.imul(state ^ (state >>> 15), 1 | state);
  word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
  return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
}

class GuestDate extends Date {
  constructor(...parts: unknown[]) {
    // @ts-expect-error the parts are whatever Date takes
    super(...(parts.length === 0 ? [now()] : parts));
  }

  static override now(): number {
    return now();
  }
}

Math.random = random;
Object.assign(globalThis, {
  Date: GuestDate,
  // jsonata looks for btoa and atob there.
  window: globalThis,
  console: { debug: silent, log: silent, info: silent, warn: silent, error: silent },
});
