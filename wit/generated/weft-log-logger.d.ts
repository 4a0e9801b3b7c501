declare module 'weft:log/logger@1.0.0' {
  /**
   * Size and rate are capped by the host; fields is a JSON object or empty.
   */
  export function log(level: Level, message: string, fields: string): void;
  /**
   * # Variants
   *
   * ## `"debug"`
   *
   * ## `"info"`
   *
   * ## `"warn"`
   *
   * ## `"error"`
   */
  export type Level = 'debug' | 'info' | 'warn' | 'error';
}
