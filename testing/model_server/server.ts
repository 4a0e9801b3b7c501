import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../kernel/json.ts';
import { type SeenRequest, startHttpServer } from '../http_server.ts';
import { anthropicError, anthropicProblem, cachedPrefix, encodeAnthropic } from './anthropic.ts';
import { encodeOpenai, openaiError, openaiProblem } from './openai.ts';
import type { Encoded, Reply, Said, ServedUsage } from './reply.ts';

/** A request to the model, understood. */
export interface ModelCall {
  readonly api: 'anthropic' | 'openai';
  readonly body: JsonObject;
  readonly headers: SeenRequest['headers'];
}

/** What the model says: replies in order, or an answer to each request. */
export type Script = readonly Reply[] | ((call: ModelCall, number: number) => Reply);

export interface ModelServerOptions {
  /** Requests with another key, or none, get 401. Any will do when absent. */
  readonly key?: string;
}

/** A running stand-in for model providers. */
export interface ModelServer {
  /** For the SDK's `baseURL`; chat completions are below `${url}/v1`. */
  readonly url: string;
  /** Everything that was asked, refused requests too. */
  readonly calls: readonly ModelCall[];
  /** Adds replies to a script that is a list. */
  say(...replies: readonly Reply[]): void;
  close(): Promise<void>;
}

/**
 * Starts a server that speaks the Anthropic Messages API (`/v1/messages`) and OpenAI chat completions
 * (`/v1/chat/completions`) on a loopback port, with and without streaming. It checks requests as the real ones do, says
 * what the script says, counts tokens (a quarter of the bytes), and remembers prefixes that a request marks for caching.
 * A request beyond the end of the script gets 500.
 *
 * @example
 * const server = await startModelServer([toolCall('submit_fragment', plan), { kind: 'error', status: 529 }]);
 */
export async function startModelServer(script: Script = [], options: ModelServerOptions = {}): Promise<ModelServer> {
  const calls: ModelCall[] = [];
  const replies: Reply[] = typeof script === 'function' ? [] : [...script];
  const cached = new Set<string>();
  const next = (call: ModelCall): Reply =>
    typeof script === 'function'
      ? script(call, calls.length)
      : (replies.shift() ?? { kind: 'error', status: 500, message: 'the script has no reply for this request' });

  const answer = (request: SeenRequest, response: ServerResponse): void => {
    const dialect = DIALECTS[new URL(request.url, 'http://server').pathname];
    if (dialect === undefined || request.method !== 'POST') {
      send(response, { status: 404, headers: {}, body: '{"error":{"message":"not found"}}' });
      return;
    }
    const refuse = (status: number, text: string) => send(response, jsonOf(status, dialect.error(status, text)));
    const body = parse(request.body);
    if (body === undefined) return refuse(400, 'the body is no JSON object');
    const call = { api: dialect.api, body, headers: request.headers };
    calls.push(call);
    if (options.key !== undefined && dialect.keyOf(request) !== options.key) return refuse(401, 'invalid x-api-key');
    const problem = dialect.problem(body);
    if (problem !== undefined) return refuse(400, problem);
    const reply = next(call);
    void deliver(
      reply,
      response,
      (said) => {
        const prefix = cachedPrefix(body);
        const usage = count(request.body, prefix, cached.has(prefix), said);
        if (prefix !== '') cached.add(prefix);
        const saying = { said, model: String(body['model']), usage, call: calls.length };
        return dialect.encode(saying, body['stream'] === true);
      },
      dialect.error,
    );
  };
  const server = await startHttpServer(answer);
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls,
    say: (...more) => void replies.push(...more),
    close: server.close,
  };
}

interface Dialect {
  readonly api: ModelCall['api'];
  readonly problem: typeof anthropicProblem;
  readonly error: typeof anthropicError;
  readonly encode: typeof encodeAnthropic;
  keyOf(request: SeenRequest): string | undefined;
}

const DIALECTS: Record<string, Dialect | undefined> = {
  '/v1/messages': {
    api: 'anthropic',
    problem: anthropicProblem,
    error: anthropicError,
    encode: encodeAnthropic,
    // The SDK sends a key as a bearer token; `x-api-key` is the older form.
    keyOf: (request) => (request.headers['x-api-key'] as string | undefined) ?? bearerOf(request),
  },
  '/v1/chat/completions': {
    api: 'openai',
    problem: openaiProblem,
    error: openaiError,
    encode: encodeOpenai,
    keyOf: bearerOf,
  },
};

async function deliver(
  reply: Reply,
  response: ServerResponse,
  encode: (said: Said) => Encoded,
  errorOf: (status: number, message: string) => string,
): Promise<void> {
  const encoded = (each: Exclude<Reply, { kind: 'drip' | 'dropped' }>): Encoded => {
    if (each.kind === 'malformed_body') return jsonOf(200, each.text);
    if (each.kind !== 'error') return encode(each);
    const { status, message: text = `status ${status} was scripted`, retry_after } = each;
    return jsonOf(status, errorOf(status, text), retry_after === undefined ? {} : { 'retry-after': retry_after });
  };
  if (reply.kind === 'drip' && reply.reply.kind !== 'drip' && reply.reply.kind !== 'dropped') {
    const { status, headers, body } = encoded(reply.reply);
    response.writeHead(status, headers);
    for (let at = 0; at < body.length && !response.destroyed; at += reply.bytes) {
      response.write(body.slice(at, at + reply.bytes));
      await sleep(reply.every_ms);
    }
    response.end();
  } else if (reply.kind === 'dropped') {
    const half = reply.reply;
    if (half !== undefined && half.kind !== 'drip' && half.kind !== 'dropped') {
      const { status, headers, body } = encoded(half);
      response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
      await new Promise<void>((flushed) => response.write(body.slice(0, body.length / 2), () => flushed()));
    }
    response.destroy();
  } else if (reply.kind !== 'drip') send(response, encoded(reply));
}

function send(response: ServerResponse, { status, headers, body }: Encoded): void {
  response.writeHead(status, headers);
  response.end(body);
}

function jsonOf(status: number, body: string, headers: Record<string, string> = {}): Encoded {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function bearerOf({ headers }: SeenRequest): string | undefined {
  return headers.authorization?.replace(/^Bearer /, '');
}

const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

function count(body: string, prefix: string, known: boolean, said: Said): ServedUsage {
  const marked = tokensOf(prefix);
  const rest = Math.max(0, tokensOf(body) - marked);
  const output = tokensOf(JSON.stringify(said));
  return { input: rest, output, cache_read: known ? marked : 0, cache_write: known ? 0 : marked };
}
