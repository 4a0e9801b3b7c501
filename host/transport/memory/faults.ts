/** How badly a transport behaves: probabilities per message, and the seed that makes it repeatable. */
export interface TransportFaults {
  readonly duplicate?: number;
  /** Delivered up to eight turns of the event loop late, so that others overtake it. */
  readonly reorder?: number;
  readonly drop?: number;
  readonly seed: number;
}

const TURNS_LATE_MAX = 8;

/** What becomes of a delivery: `deliver` is called once, or never, or twice, now or later. */
export type Disturb = (deliver: () => void) => void;

/** Draws the fate of each delivery in order, so that a seed gives the same fates to the same messages. */
export function disturbance({ duplicate = 0, reorder = 0, drop = 0, seed }: TransportFaults): Disturb {
  const random = mulberry32(seed);
  const send = (deliver: () => void): void => {
    if (random() < reorder) later(1 + Math.floor(random() * TURNS_LATE_MAX), deliver);
    else deliver();
  };
  return (deliver) => {
    if (random() < drop) return;
    send(deliver);
    if (random() < duplicate) send(deliver);
  };
}

function later(turns: number, deliver: () => void): void {
  if (turns === 0) deliver();
  else setImmediate(() => later(turns - 1, deliver));
}

/** Mulberry32 (Tommy Ettinger, 2017, public domain): 32 bits of state, numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
