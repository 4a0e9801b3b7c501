import { Readable } from 'node:stream';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import { WeftError } from '../../kernel/errors.ts';
import type { Engine } from '../orchestrator/port.ts';
import { authorize, type Caller, type Door } from './door.ts';
import { compileInput } from './input.ts';
import { parseJsonText } from './json_text.ts';
import { describeApi } from './openapi.ts';
import { PROBLEM_TYPE, problemOf, requestInvalid } from './problem.ts';
import type { Answer, ApiContext, Route } from './route.ts';
import { ROUTES } from './routes/all.ts';

/** What an API is made of. */
export interface ApiOptions {
  readonly engine: Engine;
  /** Who is let in, and as whom. */
  readonly door: Door;
  readonly logger: FastifyBaseLogger;
  /** Weft's version. */
  readonly version: string;
  /** Larger request bodies are refused. */
  readonly body_bytes_max: number;
  /** 15,000 when absent. */
  readonly heartbeat_ms?: number;
}

/** A client that takes longer to send a request is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The HTTP API, not yet listening. Closing it ends event streams and waits for what is being answered. */
export function createApi(options: ApiOptions): FastifyInstance {
  const { engine, version, heartbeat_ms = 15_000 } = options;
  const closing = new AbortController();
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = asWeftError(error, request, options.body_bytes_max);
    if (known.kind === 'bug') request.log.error({ err: error }, 'a request failed');
    sendProblem(reply, known);
  };
  const api = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.body_bytes_max,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => fail(error, request, reply),
    routerOptions: { maxParamLength: 500 },
  });
  const context: ApiContext = {
    engine,
    version,
    heartbeat_ms,
    closing: closing.signal,
    description: describeApi(ROUTES, version),
  };

  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, bytes: Buffer) =>
    parseJsonText(bytes, { subject: 'the request body' }),
  );
  api.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    // A connection kept alive would keep the closing server waiting.
    if (closing.signal.aborted) reply.header('connection', 'close');
  });
  api.addHook('preClose', async () => closing.abort());
  api.setNotFoundHandler(({ method, url }, reply) => {
    sendProblem(reply, new WeftError('route_not_found', { method, path: pathOf(url) }));
  });
  api.setErrorHandler(fail);
  for (const route of ROUTES) register(api, route, options.door, context);
  refuseOtherMethods(api);
  return api;
}

function register(api: FastifyInstance, route: Route, door: Door, context: ApiContext): void {
  const check = compileInput(route);
  const callers = new WeakMap<FastifyRequest, Caller>();
  api.route({
    method: route.method,
    url: route.path,
    // Before the body is read: a stranger's megabytes are not parsed.
    onRequest: async (request) => {
      if (route.access === 'open') return;
      const caller = door.admit(request.headers);
      authorize(caller, route.access);
      callers.set(request, caller);
    },
    handler: async (request, reply) => {
      const { method, headers, body } = request;
      const query = check({ query: request.query, headers, body });
      const params = request.params as Readonly<Record<string, string>>;
      const caller = callers.get(request) ?? NOBODY;
      return send(reply, await route.answer({ method, params, query, headers, body, caller, api: context }));
    },
  });
}

/** The caller of an open route. */
const NOBODY: Caller = { principal: 'anonymous', roles: [], anonymous: true };

function refuseOtherMethods(api: FastifyInstance): void {
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const taken = ROUTES.filter((route) => route.path === path).map((route) => route.method);
    const allowed = METHODS.filter(
      (method) => taken.includes(method as 'GET') || (method === 'HEAD' && taken.includes('GET')),
    );
    api.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url: path,
      // Before the body is read, which may be of any type.
      onRequest: async ({ method, url }, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new WeftError('method_not_allowed', { method, path: pathOf(url), allowed: allowed.join(', ') });
      },
      handler: async () => undefined,
    });
  }
}

function send(reply: FastifyReply, { status, body, headers = {} }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  if (body instanceof Readable) {
    // As above: it may well end because the server closes.
    reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', connection: 'close' });
  }
  return reply.send(body);
}

function sendProblem(reply: FastifyReply, error: WeftError): void {
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="weft"');
  if (error.kind === 'retry') reply.header('retry-after', '1');
  void reply
    .code(error.status)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problemOf(error)));
}

/** What Fastify and Node refuse, in our words; what nobody expected, without a word of its inside. */
function asWeftError(error: unknown, request: FastifyRequest, bytes_max: number): WeftError {
  if (error instanceof WeftError) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new WeftError('body_too_large', { bytes_max });
  if (statusCode === 415) {
    return new WeftError('media_type_unsupported', { got: request.headers['content-type'] ?? 'no type' });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return requestInvalid([{ pointer: '', message: (error as Error).message }]);
  }
  return new WeftError('internal_error', { request_id: request.id });
}

/** Without the query, which may hold what is nobody's business. */
function pathOf(url: string): string {
  return url.split('?', 1)[0]!;
}
