import { NO_USAGE, PlannerFailure } from '../../kernel/index.ts';

/** What a failed call knows of itself. */
export interface FailedCall {
  /** Of the provider, for people: its URL without credentials. */
  readonly at: string;
  /** The environment variable that holds the key. */
  readonly key_variable: string | undefined;
  /** Never shown: taken out of whatever the other side says. */
  readonly key: string | undefined;
}

/** An answer that is no success. */
export interface Refusal {
  readonly status: number;
  /** The header `Retry-After`. */
  readonly retry_after: string | null;
  /** What the provider says of it. */
  readonly message: string;
}

/** Longer messages of providers are cut. */
const MESSAGE_LENGTH_MAX = 500;

/**
 * The failure that a status stands for: `model_unauthorized` (401, 403), `model_rate_limited` (429), `model_overloaded`
 * (503, 529), `model_timeout` (408, 504), `model_server_error` (other 5xx), `model_request_refused` (other 4xx). What was
 * turned away costs nothing; what a server failed at may have been charged.
 */
export function statusFailure({ status, retry_after, message }: Refusal, call: FailedCall): PlannerFailure {
  const said = `${call.at} answered ${status}: ${shown(message, call)}`;
  if (status === 401 || status === 403) return unauthorized(said, call);
  const retry_after_ms = retryAfterMs(retry_after);
  const later = retry_after_ms === undefined ? {} : { retry_after_ms };
  const turnedAway = { usage: NO_USAGE, ...later };
  if (status === 429) {
    return new PlannerFailure({ code: 'model_rate_limited', message: said, retryable: true, ...turnedAway });
  }
  if (status === 503 || status === 529) {
    return new PlannerFailure({ code: 'model_overloaded', message: said, retryable: true, ...turnedAway });
  }
  if (status === 408 || status === 504) {
    return new PlannerFailure({ code: 'model_timeout', message: said, retryable: true, ...later });
  }
  if (status >= 500) {
    return new PlannerFailure({ code: 'model_server_error', message: said, retryable: true, ...later });
  }
  return new PlannerFailure({ code: 'model_request_refused', message: said, retryable: false, usage: NO_USAGE });
}

/** The key was refused, or there is none: says which variable to set. Nothing was spent. */
export function unauthorized(problem: string, { key_variable }: FailedCall): PlannerFailure {
  const fix =
    key_variable === undefined
      ? 'name the variable that holds its key as key_variable of the model'
      : `set ${key_variable} to a valid key where Weft runs`;
  const message = `${problem}; ${fix}`;
  return new PlannerFailure({ code: 'model_unauthorized', message, retryable: false, usage: NO_USAGE });
}

/** The answer never came, or not whole: `model_unreachable`. What the provider did is not known. */
export function unreachable(cause: unknown, call: FailedCall): PlannerFailure {
  const message = `no whole answer from ${call.at}: ${shown(innermost(cause), call)}`;
  return new PlannerFailure({ code: 'model_unreachable', message, retryable: true }, { cause });
}

/** The time was up, or nobody waits any more: `model_timeout`, `model_call_aborted`. */
export function ended(timeout_ms: number, aborted: boolean, { at }: FailedCall): PlannerFailure {
  return aborted
    ? new PlannerFailure({ code: 'model_call_aborted', message: `the call of ${at} was given up`, retryable: false })
    : new PlannerFailure({
        code: 'model_timeout',
        message: `${at} gave no whole answer within ${timeout_ms} ms; raise timeout_ms of the model if it needs longer`,
        retryable: true,
      });
}

/** Status 200 with a body that is none of the API's: `model_answer_malformed`. */
export function malformed(problem: string, call: FailedCall): PlannerFailure {
  const message = `${call.at} answered what its API does not: ${shown(problem, call)}`;
  return new PlannerFailure({ code: 'model_answer_malformed', message, retryable: true });
}

/** Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; undefined when it says neither. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  const at = Date.parse(text);
  return text === '' || Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** A provider's URL as people may see it. */
export function placeOf(base_url: string): string {
  const url = URL.parse(base_url);
  return url === null ? 'the model' : `${url.protocol}//${url.host}`;
}

function shown(message: string, { key }: FailedCall): string {
  const without = key === undefined || key === '' ? message : message.replaceAll(key, '[redacted]');
  const line = without.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MESSAGE_LENGTH_MAX ? `${line.slice(0, MESSAGE_LENGTH_MAX)}…` : line;
}

/** "fetch failed" says little: what it was caused by says why. */
function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}
