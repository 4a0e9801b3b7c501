import type { Error as HttpError, Request, Response } from 'weft:http/client@1.0.0';
import type { Error as MailError, Message, Receipt } from 'weft:mail/sender@1.0.0';
import type { Json } from '../kernel/json.ts';
import { type HostImports, witError } from './loaded_handler.ts';
import { assert } from './suite.ts';

/** A message body as cases write it. */
type CannedBody = { readonly text: string } | { readonly json: Json } | { readonly base64: string };

/** One HTTP exchange of a case: what the handler must ask, what it then gets. */
export interface CannedExchange {
  /** What of the request is checked; header names without case, `null` for a header that must be absent. */
  readonly request?: {
    readonly method?: string;
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string | null>>;
    /** `null` for a request without a body. */
    readonly body?: CannedBody | null;
    readonly auth?: Json;
    readonly timeoutMs?: number;
    readonly maxRedirects?: number;
    readonly maxBytes?: number;
  };
  readonly response?: {
    /** 200 when absent. */
    readonly status?: number;
    /** An array for a header that comes several times. */
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: CannedBody;
    /** The request's when absent. */
    readonly url?: string;
    /** 0 when absent. */
    readonly latencyMs?: number;
  };
  /** Instead of a response, as `{"tag": "timeout", "val": "…"}`. */
  readonly error?: HttpError;
}

/** One mail of a case: what the handler must send, how the relay answers. */
export interface CannedMail {
  /** What of the message is checked; `null` for a field that must be absent. */
  readonly message?: Readonly<Record<string, string | number | null>>;
  /** `{messageId: '<1@host>', response: '250 ok', latencyMs: 0}` when absent. */
  readonly receipt?: Receipt;
  /** Instead of a receipt. */
  readonly error?: MailError;
}

/** A host that answers from a case instead of from the world. */
export interface CannedHost {
  readonly imports: HostImports;
  /** Fails unless every exchange was asked for and every request was as expected. */
  assertDone(): void;
}

/** 2026-01-01T00:00:00Z: the time of a case that names none. */
const NOW_MS = 1_767_225_600_000;

/** Answers HTTP and mail with the exchanges in order, the clock with one time, and forgets log lines. */
export function cannedHost(
  exchanges: readonly CannedExchange[] = [],
  now_ms = NOW_MS,
  mails: readonly CannedMail[] = [],
): CannedHost {
  const problems: string[] = [];
  let calls = 0;
  const send = (request: Request): Response => {
    const exchange = exchanges[calls++];
    if (exchange === undefined) {
      problems.push(`request ${calls}, ${request.method} ${request.url}, was not expected`);
      throw witError({ tag: 'network', val: 'the case has no such exchange' });
    }
    problems.push(...requestProblems(request, exchange).map((problem) => `request ${calls}: ${problem}`));
    if (exchange.error !== undefined) throw witError(exchange.error);
    return response(request, exchange);
  };
  let sent = 0;
  const sendMail = (message: Message): Receipt => {
    const mail = mails[sent++];
    if (mail === undefined) {
      problems.push(`mail ${sent} to ${message.to} was not expected`);
      throw witError({ tag: 'network', val: 'the case has no such mail' });
    }
    for (const [field, wanted] of Object.entries(mail.message ?? {})) {
      const got = message[field as keyof Message] ?? null;
      if (got !== wanted)
        problems.push(`mail ${sent}: ${field} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
    }
    if (mail.error !== undefined) throw witError(mail.error);
    return mail.receipt ?? { messageId: `<${sent}@host>`, response: '250 ok', latencyMs: 0 };
  };
  return {
    imports: {
      'weft:http/client': { send },
      'weft:mail/sender': { send: sendMail },
      'weft:clock/wall-clock': { nowMs: () => BigInt(now_ms) },
      'weft:log/logger': { log() {} },
    },
    assertDone() {
      assert.equal(problems, []);
      assert.is(calls, exchanges.length, 'the number of requests');
      assert.is(sent, mails.length, 'the number of mails');
    },
  };
}

function requestProblems(request: Request, { request: expected = {} }: CannedExchange): string[] {
  const problems: string[] = [];
  const check = (what: string, got: unknown, wanted: unknown): void => {
    const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (left !== right) problems.push(`${what} is ${left}, not ${right}`);
  };
  const { headers = {}, body, ...rest } = expected;
  for (const [field, wanted] of Object.entries(rest)) check(field, request[field as keyof Request], wanted);
  for (const [name, wanted] of Object.entries(headers)) {
    const got = request.headers.filter((header) => header.name.toLowerCase() === name.toLowerCase());
    check(`header ${name}`, got.length === 0 ? null : got.map((header) => header.value).join(', '), wanted);
  }
  if (body !== undefined) check('body', request.body, body === null ? { tag: 'none' } : witBody(body));
  return problems;
}

function response(request: Request, { response: canned = {} }: CannedExchange): Response {
  const headers = Object.entries(canned.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value })),
  );
  return {
    status: canned.status ?? 200,
    headers,
    body: canned.body === undefined ? { tag: 'none' } : witBody(canned.body),
    url: canned.url ?? request.url,
    latencyMs: canned.latencyMs ?? 0,
  };
}

function witBody(body: CannedBody): Request['body'] {
  if ('text' in body) return { tag: 'text', val: body.text };
  if ('json' in body) return { tag: 'text', val: JSON.stringify(body.json) };
  return { tag: 'base64', val: body.base64 };
}
