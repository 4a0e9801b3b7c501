import { now } from '../guest/clock.ts';
import { type HttpError, type Request, type Response, send } from '../guest/http.ts';
import { fail } from '../guest/index.ts';
import { retryAfterMs } from '../guest/retry_after.ts';
import { EXCERPT_LENGTH, headersOf } from './answer.ts';
import { isExpected, isWorthRetrying } from './statuses.ts';
import type { HttpConfig } from './types.ts';

/** What each WIT error is called here, and whether another attempt may end otherwise. */
const FAILURES: Readonly<Record<HttpError['tag'], { readonly code: string; readonly retryable: boolean }>> = {
  denied: { code: 'denied', retryable: false },
  invalid: { code: 'invalid_request', retryable: false },
  timeout: { code: 'timeout', retryable: true },
  network: { code: 'network', retryable: true },
  'too-large': { code: 'too_large', retryable: false },
  budget: { code: 'budget', retryable: false },
};

/**
 * Sends a request and gives a response whose status is expected.
 * @throws HandlerFailure for everything else
 */
export function exchange(request: Request, config: HttpConfig): Response {
  const exchanged = send(request);
  const { method, url } = request;
  if ('error' in exchanged) {
    const { tag, val } = exchanged.error;
    const { code, retryable } = FAILURES[tag];
    fail(code, `${method} ${url}: ${val}`, { retryable, details: { method, url } });
  }
  const { response } = exchanged;
  const { status, body } = response;
  if (isExpected(status, config.expected_status)) return response;
  const headers = headersOf(response);
  const retryable = isWorthRetrying(status);
  const field = retryable ? headers['retry-after'] : undefined;
  const wait = field === undefined ? undefined : retryAfterMs(field, now);
  fail('http_status', `${method} ${url} answered ${status}`, {
    retryable,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    details: {
      status,
      method,
      url,
      headers: keptHeaders(headers, config.response_headers),
      body_excerpt: body.tag === 'text' ? body.val.slice(0, EXCERPT_LENGTH) : null,
    },
  });
}

/** The fields that a result keeps. */
export function keptHeaders(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  if (names.includes('*')) return { ...headers };
  const kept = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name)));
}
