/**
 * Performs `weft:clock/wall-clock#now-ms`: the moment the run began, the same for the whole dispatch, so that a guest
 * can neither measure time nor depend on it. A u64 crosses as its decimal string.
 *
 * @param at milliseconds since 1970.
 */
export function createClock(at: number): () => string {
  const text = String(Math.trunc(at));
  return () => text;
}
