import { now } from '../guest/clock.ts';
import { type HttpError, type Request, type Response, send } from '../guest/http.ts';
import { retryAfterMs } from '../guest/retry_after.ts';
import type { Delivered, Message, Recipient, SlackConfig, WebhookConfig } from './types.ts';

const ANSWER_BYTES_MAX = 65_536;

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
 * Delivers as https://www.standardwebhooks.com has it. The body holds no time: it is the same in every attempt, as the
 * id is; when it was sent is in the header that the host signs.
 */
export function deliverWebhook(
  { url, secret, headers }: WebhookConfig,
  { key }: Recipient,
  { subject, text, data }: Message,
  { event_type, timeout_ms }: { readonly event_type: string; readonly timeout_ms: number },
): Delivered {
  const content = data === undefined ? { ...(subject === undefined ? {} : { subject }), text } : data;
  const own = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return post(url, JSON.stringify({ type: event_type, data: content }), timeout_ms, {
    headers: secret === undefined ? [...own, { name: 'webhook-id', value: key }] : own,
    auth: secret === undefined ? { tag: 'none' } : { tag: 'standard-webhook', val: { id: key, secret } },
  });
}

/** Delivers to an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function deliverSlack(
  { url, escape: isEscaped, payload }: SlackConfig,
  { key }: Recipient,
  { subject, text }: Message,
  timeout_ms: number,
): Delivered {
  const clean = (raw: string) => (isEscaped ? escaped(raw) : raw);
  const whole = subject === undefined ? clean(text) : `*${clean(subject)}*\n${clean(text)}`;
  return post(url, JSON.stringify({ ...payload, text: whole }), timeout_ms, {
    headers: [{ name: 'idempotency-key', value: key }],
    auth: { tag: 'none' },
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function post(url: string, body: string, timeout_ms: number, rest: Pick<Request, 'headers' | 'auth'>): Delivered {
  const exchanged = send({
    method: 'POST',
    url,
    headers: [{ name: 'content-type', value: 'application/json' }, ...rest.headers],
    body: { tag: 'text', val: body },
    auth: rest.auth,
    timeoutMs: timeout_ms,
    // A redirect of a webhook is a failure: nobody signed for the other place.
    maxRedirects: 0,
    maxBytes: ANSWER_BYTES_MAX,
  });
  if ('error' in exchanged) {
    const { tag, val } = exchanged.error;
    return { error: { ...FAILURES[tag], message: val } };
  }
  return answered(exchanged.response);
}

function answered({ status, headers, latencyMs }: Response): Delivered {
  if (status >= 200 && status < 300) return { receipt: { status, latency_ms: latencyMs } };
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  const field = headers.find(({ name }) => name.toLowerCase() === 'retry-after')?.value;
  const wait = retryable && field !== undefined ? retryAfterMs(field, now) : undefined;
  return {
    error: { code: 'http_status', message: `the answer was ${status}`, retryable },
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  };
}
