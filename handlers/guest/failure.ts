import type { Json } from './json.ts';

/** What a failure may say beyond code and message. */
export interface FailureOptions {
  /** Whether another attempt may succeed; false when absent. */
  readonly retryable?: boolean;
  /** The least wait before the next attempt, in milliseconds, when the other side named one; at most `WAIT_MS_MAX`. */
  readonly retryAfterMs?: number;
  /** More for programs. */
  readonly details?: Json;
}

/** A failure that the handler's capability documents: `code` is one of its `errors[].code`. */
export class HandlerFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Json | undefined;

  constructor(code: string, message: string, options: FailureOptions = {}) {
    super(message);
    this.name = 'HandlerFailure';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }
}

/** Ends the run with a documented failure; see `HandlerFailure`. */
export function fail(code: string, message: string, options?: FailureOptions): never {
  throw new HandlerFailure(code, message, options);
}
