import { Agent, type Dispatcher, errors } from 'undici';
import type { EgressRule } from '../../kernel/template/types.ts';
import type { OperatorEgressRule } from '../config/types.ts';
import type { StepIdentity, StepLimits } from '../sandbox/port.ts';
import type { AuditFacts } from './audit.ts';
import { checkedConnector, type Resolve, resolveBySystem } from './connector.ts';
import { decideEgress, EgressDenied } from './egress_policy.ts';
import { codingsOf, discardBody, httpBody, readBody } from './http_body.ts';
import {
  checkedMethod,
  checkResponseHeaders,
  headerBytes,
  headerValue,
  pairHeaders,
  visibleHeaders,
} from './http_headers.ts';
import { type Hop, nextHop, prepareHop, type Wire } from './http_hop.ts';
import {
  type HttpError,
  HttpFailure,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  readHttpRequest,
} from './http_shapes.ts';
import { type Meter, overtime } from './meter.ts';
import { SecretDenied, type SecretScope } from './secrets.ts';

const RESPONSE_HEADER_BYTES_MAX = 32_768;
const REDIRECT_BODY_BYTES_MAX = 16_384;
const CONNECTIONS_PER_ORIGIN = 128;
const ERROR_LENGTH_MAX = 1_000;
/** What setTimeout can hold; it fires at once for more. */
const TIMER_MS_MAX = 2_147_483_647;

/** The run that a call belongs to. */
export interface HttpRun {
  readonly identity: StepIdentity;
  /** The template's list. */
  readonly egress: readonly EgressRule[];
  readonly secrets: SecretScope;
  readonly meter: Meter;
  readonly audit: AuditFacts;
  readonly limits: StepLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends every call of the run. */
  readonly signal?: AbortSignal;
}

/** Performs `weft:http/client#send` for all runs of a broker; connections are kept alive and shared. */
export interface HttpClient {
  /** `request` is checked against the WIT first. Never rejects for what a guest or a server does. */
  send(request: unknown, run: HttpRun): Promise<{ ok: HttpResponse } | { error: HttpError }>;
  close(): Promise<void>;
}

interface Received {
  readonly status: number;
  readonly headers: readonly HttpHeader[];
  readonly stream: Dispatcher.ResponseData['body'];
}

/**
 * An HTTP client that sends nothing the egress policy does not allow: each hop is decided anew and each connection goes
 * to addresses that were checked. The environment's proxies do not apply. Secrets are taken out of everything returned.
 * A redirect beyond `maxRedirects`, or what the run may follow, is returned as the response it is.
 *
 * @param resolve the system's resolver unless a test says otherwise.
 */
export function createHttpClient(
  operator: readonly OperatorEgressRule[],
  resolve: Resolve = resolveBySystem,
): HttpClient {
  // Apart, so that a connection opened under a rule for private addresses never serves a request without one.
  const agents = { public: createAgent(false, resolve), private: createAgent(true, resolve) };

  const perform = async (
    request: HttpRequest,
    run: HttpRun,
    signal: AbortSignal,
  ): Promise<Omit<HttpResponse, 'latencyMs'>> => {
    const redirects_max = Math.min(request.maxRedirects, run.limits.redirects_max);
    let hop = firstHop(request);
    for (;;) {
      const decision = decideEgress({ operator, template: run.egress, url: hop.url, method: hop.method });
      if (!decision.allowed) throw refused(run, hop, decision.reason);
      const wire = prepareHop(hop, request, run.secrets, run.limits, run.now());
      const agent = decision.private ? agents.private : agents.public;
      const received = await exchange(agent, hop, wire, run, signal);
      const location = headerValue(received.headers, 'location');
      const next = nextHop(hop, wire.url, received.status, location, redirects_max);
      const bytes_max = Math.min(request.maxBytes, run.limits.response_bytes_max);
      if (next === undefined) return finish(received, wire, bytes_max, run, signal);
      await discardBody(received.stream, REDIRECT_BODY_BYTES_MAX, (bytes) => run.meter.receivedCoded(bytes));
      hop = next;
    }
  };

  return {
    async send(value, run) {
      const started = performance.now();
      const deadline = new AbortController();
      const signal = run.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, run.signal]);
      let timer: NodeJS.Timeout | undefined;
      try {
        run.meter.called();
        const request = readHttpRequest(value);
        const asked_ms = Math.min(request.timeoutMs, run.limits.timeout_ms, TIMER_MS_MAX);
        const timeout_ms = Math.min(asked_ms, run.meter.timeLeftMs());
        const late =
          timeout_ms < asked_ms
            ? overtime(run.limits.host_time_ms_max)
            : new HttpFailure('timeout', `no complete answer within ${timeout_ms} ms`);
        timer = setTimeout(() => deadline.abort(late), timeout_ms);
        const response = await perform(request, run, signal);
        return { ok: { ...response, latencyMs: Math.round(performance.now() - started) } };
      } catch (error) {
        const ended = run.signal?.aborted ? new HttpFailure('network', 'the run has ended') : deadline.signal.reason;
        const { tag, val } = httpError(ended ?? error);
        // Whatever response is half read goes with its connection.
        deadline.abort();
        return { error: { tag, val: run.secrets.redactor.text(val).slice(0, ERROR_LENGTH_MAX) } };
      } finally {
        clearTimeout(timer);
        run.meter.took(performance.now() - started);
      }
    },
    async close() {
      await Promise.all([agents.public.destroy(), agents.private.destroy()]);
    },
  };
}

function createAgent(open: boolean, resolve: Resolve): Agent {
  return new Agent({
    connect: checkedConnector(open, resolve),
    connections: CONNECTIONS_PER_ORIGIN,
    maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
    allowH2: false,
    // The deadline of the whole call governs alone.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function firstHop(request: HttpRequest): Hop {
  const url = URL.parse(request.url);
  if (url === null) throw new HttpFailure('invalid', 'the URL is not an absolute URL');
  const { headers, body } = request;
  return { url, method: checkedMethod(request.method), headers, body, redirects: 0, crossed: false };
}

async function exchange(agent: Agent, hop: Hop, wire: Wire, run: HttpRun, signal: AbortSignal): Promise<Received> {
  const { url, body } = wire;
  run.meter.sending(url.href.length + headerBytes(wire.headers) + (body?.length ?? 0));
  const host = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  try {
    const answer = agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: hop.method as Dispatcher.HttpMethod,
      headers: wire.headers.flatMap(({ name, value }) => [name, value]),
      body,
      signal,
      responseHeaders: 'raw',
    });
    const response = await inTime(answer, signal);
    run.meter.contacted(host);
    const headers = pairHeaders(response.headers as unknown as string[]);
    const bytes = headerBytes(headers);
    run.meter.receivedCoded(bytes);
    run.meter.received(bytes);
    checkResponseHeaders(headers, run.limits);
    return { status: response.statusCode, headers, stream: response.body };
  } catch (error) {
    if (error instanceof EgressDenied) throw refused(run, hop, error.message);
    run.meter.contacted(host);
    throw error;
  }
}

/** undici hears of an abort only once it has a connection; a resolver or a peer may keep it waiting. */
async function inTime(answer: Promise<Dispatcher.ResponseData>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason);
    answer.then(
      ({ body }) => body.destroy(),
      () => undefined,
    );
  };
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([answer, late]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function finish(
  { status, headers, stream }: Received,
  { url }: Wire,
  bytes_max: number,
  run: HttpRun,
  signal: AbortSignal,
): Promise<Omit<HttpResponse, 'latencyMs'>> {
  const codings = codingsOf(headerValue(headers, 'content-encoding'));
  const bytes = await readBody(stream, codings, bytes_max, signal, run.meter);
  const { text, bytes: redacted } = run.secrets.redactor;
  url.hash = '';
  return {
    status,
    headers: visibleHeaders(headers, codings.length > 0).map(({ name, value }) => ({
      name: text(name),
      value: text(value),
    })),
    body: httpBody(redacted(bytes)),
    url: text(url.href),
  };
}

function refused(run: HttpRun, hop: Hop, reason: string): EgressDenied {
  // A redirect's URL may repeat a secret.
  const { text } = run.secrets.redactor;
  const url = text(`${hop.url.origin}${hop.url.pathname}`);
  run.audit({ kind: 'egress_denied', identity: run.identity, method: hop.method, url, reason: text(reason) });
  return new EgressDenied(reason);
}

// Everything that the network, TLS, HTTP or a decoder raises has a string code; what has none is a defect of ours.
function httpError(error: unknown): HttpError {
  if (error instanceof HttpFailure) return { tag: error.tag, val: error.message };
  if (error instanceof EgressDenied || error instanceof SecretDenied) return { tag: 'denied', val: error.message };
  const { code, message } = error as NodeJS.ErrnoException;
  // Has a code only sometimes.
  if (error instanceof errors.HTTPParserError) return { tag: 'network', val: `the answer is not HTTP: ${message}` };
  if (typeof code !== 'string') throw error;
  if (code === 'UND_ERR_INVALID_ARG') return { tag: 'invalid', val: message };
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return { tag: 'too-large', val: `the response headers are larger than ${RESPONSE_HEADER_BYTES_MAX} bytes` };
  }
  return { tag: 'network', val: message.includes(code) ? message : `${code}: ${message}` };
}
