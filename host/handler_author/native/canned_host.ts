import type { Error as HttpError, Request, Response } from 'weft:http/client@1.0.0';
import type { Error as MailError, Message, Receipt } from 'weft:mail/sender@1.0.0';
import type { Json } from '../../../kernel/json.ts';

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

/** What a case says of the world around the handler. */
export interface CannedWorld {
  readonly http?: readonly CannedExchange[];
  readonly mail?: readonly CannedMail[];
  /** 2026-01-01T00:00:00Z when absent. */
  readonly now_ms?: number;
  /** Interfaces, as `weft:http/client`, whose every call is refused, whatever the case says of it. */
  readonly denied?: readonly string[];
}

/** What a host function answered, in the JSON-safe form of jco's bindings: the two arms of a WIT `result`. */
export type CannedReply = { readonly ok: unknown } | { readonly error: unknown };

/** A host that answers from a case instead of from the world. */
export interface CannedHost {
  /** Performs `<interface>#<function>`. */
  readonly call: (name: string, args: readonly unknown[]) => CannedReply;
  /** Of every interface, how often it was called. */
  readonly calls: () => Readonly<Record<string, number>>;
  /** What was not as the case expects: requests, mails, and how many of them. */
  readonly problems: () => readonly string[];
}

/** 2026-01-01T00:00:00Z: the time of a case that names none. */
const NOW_MS = 1_767_225_600_000;

/** Answers HTTP and mail with the exchanges in order, the clock with one time, and forgets log lines. */
export function cannedHost(world: CannedWorld = {}): CannedHost {
  const { http = [], mail = [], now_ms = NOW_MS, denied = [] } = world;
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  const performs: Readonly<Record<string, (argument: unknown, call: number) => CannedReply>> = {
    'weft:http/client#send': (request, call) => answerHttp(request as Request, http[call - 1], call, problems),
    'weft:mail/sender#send': (message, call) => answerMail(message as Message, mail[call - 1], call, problems),
    'weft:clock/wall-clock#now-ms': () => ({ ok: String(now_ms) }),
    'weft:log/logger#log': () => ({ ok: undefined }),
  };
  return {
    call(name, args) {
      const [interfaceName = ''] = name.split('#');
      const count = (counts[interfaceName] ?? 0) + 1;
      counts[interfaceName] = count;
      if (denied.includes(interfaceName)) return { error: { tag: 'denied', val: 'nothing is allowed here' } };
      const perform = performs[name];
      if (perform === undefined) throw new Error(`the host has no function "${name}"`);
      return perform(args[0], count);
    },
    calls: () => counts,
    problems: () => [
      ...problems,
      ...wrongCount('request', counts['weft:http/client'], denied.includes('weft:http/client') ? undefined : http),
      ...wrongCount('mail', counts['weft:mail/sender'], denied.includes('weft:mail/sender') ? undefined : mail),
    ],
  };
}

function wrongCount(what: string, made = 0, expected: readonly unknown[] | undefined): string[] {
  if (expected === undefined || made >= expected.length) return [];
  return [`the case has ${expected.length} ${what}(s), and ${made} came`];
}

function answerHttp(
  request: Request,
  exchange: CannedExchange | undefined,
  call: number,
  problems: string[],
): CannedReply {
  if (exchange === undefined) {
    problems.push(`request ${call}, ${request.method} ${request.url}, was not expected`);
    return { error: { tag: 'network', val: 'the case has no such exchange' } };
  }
  problems.push(...requestProblems(request, exchange).map((problem) => `request ${call}: ${problem}`));
  if (exchange.error !== undefined) return { error: exchange.error };
  return { ok: response(request, exchange) };
}

function answerMail(message: Message, mail: CannedMail | undefined, call: number, problems: string[]): CannedReply {
  if (mail === undefined) {
    problems.push(`mail ${call} to ${message.to} was not expected`);
    return { error: { tag: 'network', val: 'the case has no such mail' } };
  }
  for (const [field, wanted] of Object.entries(mail.message ?? {})) {
    const got = message[field as keyof Message] ?? null;
    if (got !== wanted)
      problems.push(`mail ${call}: ${field} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
  }
  if (mail.error !== undefined) return { error: mail.error };
  return { ok: mail.receipt ?? { messageId: `<${call}@host>`, response: '250 ok', latencyMs: 0 } };
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
