declare module 'weft:clock/wall-clock@1.0.0' {
  /**
   * Milliseconds since 1970-01-01T00:00:00Z; constant within one dispatch.
   */
  export function nowMs(): bigint;
}
