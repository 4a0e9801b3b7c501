import { Agent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { text as readAll } from 'node:stream/consumers';
import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { ERRORS, type ErrorCode, WeftError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { HandlerFile } from '../catalog/handler_files.ts';
import type { Problem } from '../http/problem.ts';
import type { HandlerSummary } from '../http/routes/handlers.ts';
import type {
  DeadLetterView,
  GraphView,
  NumberedEvent,
  Resolution,
  RetentionReport,
  RetentionView,
  RetiredTask,
  StepView,
  TaskView,
} from '../orchestrator/port.ts';
import type { DeadLetterRow, Page, TaskSummary, WaitingRow } from '../store/port.ts';
import { parseServerSentEvents } from './sse.ts';

/** Where an API answers: on a Unix socket or at a URL. */
export type Target = { readonly socket: string } | { readonly url: string; readonly token?: string | undefined };

/** Who acts, on the private socket only. */
export interface Identity {
  readonly principal?: string | undefined;
  readonly roles?: readonly string[];
}

/** A template as its file has it. */
export interface TemplateFile {
  readonly template: string;
  /** What diagnostics call it. */
  readonly file: string;
}

interface RequestParts {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** A stream that says nothing for three heartbeats is dead. */
const SILENCE_MS_MAX = 45_000;

/**
 * The API as the command line uses it. Errors that the server answers are thrown as the same `WeftError` it had.
 * @throws server_unreachable, server_error, from every method
 */
export class WeftClient {
  /** For people. */
  readonly address: string;
  readonly #route: RequestOptions & { readonly agent: Agent };
  readonly #prefix: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(target: Target) {
    if ('socket' in target) {
      this.address = target.socket;
      this.#route = { socketPath: target.socket, agent: new Agent({ keepAlive: true }) };
      this.#prefix = '';
      this.#headers = {};
    } else {
      const { protocol, hostname, port, pathname } = new URL(target.url);
      this.address = target.url;
      const agent = protocol === 'https:' ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
      this.#route = { protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port, agent };
      this.#prefix = pathname.replace(/\/$/, '');
      this.#headers = target.token === undefined ? {} : { authorization: `Bearer ${target.token}` };
    }
  }

  /** Resolves when something answers. */
  async ping(): Promise<void> {
    await this.#get('/livez');
  }

  /** With an idempotency key it may be called again after any error. */
  submit(
    submission: TemplateFile & { readonly context: JsonObject; readonly paused?: boolean },
    idempotency_key: string,
  ): Promise<TaskView> {
    return this.#post('/v1/tasks', submission, { 'idempotency-key': idempotency_key });
  }

  validate(
    template: TemplateFile & { readonly context?: JsonObject },
  ): Promise<{ readonly valid: boolean; readonly diagnostics: readonly Diagnostic[] }> {
    return this.#post('/v1/templates/validate', template);
  }

  graph(template: TemplateFile): Promise<GraphView> {
    return this.#post('/v1/templates/graph', template);
  }

  task(task_id: string): Promise<TaskView> {
    return this.#get(taskPath(task_id));
  }

  tasks(query: Query): Promise<Page<TaskSummary>> {
    return this.#get('/v1/tasks', query);
  }

  act(task_id: string, act: 'cancel' | 'pause' | 'resume' | 'resolve', reason: string): Promise<TaskView> {
    return this.#post(`${taskPath(task_id)}/${act}`, { reason });
  }

  removeTask(task_id: string, body: { readonly reason: string; readonly archive: boolean }): Promise<RetiredTask> {
    return this.#post(`${taskPath(task_id)}/remove`, body);
  }

  retention(): Promise<RetentionView> {
    return this.#get('/v1/retention');
  }

  runRetention(body: { readonly reason: string; readonly dry_run: boolean }): Promise<RetentionReport> {
    return this.#post('/v1/retention/run', body);
  }

  events(task_id: string, query: Query): Promise<Page<NumberedEvent>> {
    return this.#get(`${taskPath(task_id)}/events`, query);
  }

  step(task_id: string, step: string): Promise<StepView> {
    return this.#get(stepPath(task_id, step));
  }

  retryStep(task_id: string, step: string, reason: string): Promise<StepView> {
    return this.#post(`${stepPath(task_id, step)}/retry`, { reason });
  }

  resolveStep(task_id: string, step: string, resolution: Resolution & { readonly reason: string }): Promise<StepView> {
    return this.#post(`${stepPath(task_id, step)}/resolve`, resolution);
  }

  signal(
    task_id: string,
    step: string,
    signal: { readonly signal_id: string; readonly data: Json; readonly reason?: string },
    { principal, roles = [] }: Identity,
  ): Promise<StepView> {
    return this.#post(`${stepPath(task_id, step)}/signals`, signal, {
      ...(principal === undefined ? {} : { 'weft-principal': principal }),
      ...(roles.length === 0 ? {} : { 'weft-roles': roles.join(',') }),
    });
  }

  gates(query: Query): Promise<Page<WaitingRow>> {
    return this.#get('/v1/gates', query);
  }

  deadLetters(query: Query): Promise<Page<DeadLetterRow>> {
    return this.#get('/v1/dead-letters', query);
  }

  deadLetter(task_id: string, step: string): Promise<DeadLetterView> {
    return this.#get(`${stepPath(task_id, step)}/dead-letter`);
  }

  noteDeadLetter(task_id: string, step: string, text: string): Promise<DeadLetterView> {
    return this.#post(`${stepPath(task_id, step)}/dead-letter/notes`, { text });
  }

  resolveDeadLetter(task_id: string, step: string, reason: string): Promise<DeadLetterView> {
    return this.#post(`${stepPath(task_id, step)}/dead-letter/resolve`, { reason });
  }

  handlers(query: Query): Promise<Page<HandlerSummary>> {
    return this.#get('/v1/handlers', query);
  }

  handlerFiles(query: Query): Promise<Page<HandlerFile>> {
    return this.#get('/v1/handler-files', query);
  }

  handler(name: string, query: Query): Promise<CatalogEntry> {
    return this.#get(`/v1/handlers/${encodeURIComponent(name)}`, query);
  }

  /**
   * Events after `after_seq`, then live ones, until the task is settled or the signal aborts.
   * @throws server_unreachable when the stream breaks off; it can be continued after the last event
   */
  async *watch(task_id: string, after_seq: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(after_seq) };
      const reply = await this.#request('GET', `${taskPath(task_id)}/events`, { headers, signal });
      for await (const { event, data } of parseServerSentEvents(reply)) {
        if (event === 'end') return;
        yield JSON.parse(data) as NumberedEvent;
      }
      if (reply.statusCode === 204) return;
      throw this.#unreachable(new Error('the stream of events broke off'));
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof WeftError ? error : this.#unreachable(error);
    }
  }

  close(): void {
    this.#route.agent.destroy();
  }

  async #get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return this.#json(await this.#request('GET', search === '' ? path : `${path}?${search}`, {}));
  }

  async #post<T>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const type = { 'content-type': 'application/json' };
    return this.#json(
      await this.#request('POST', path, { headers: { ...headers, ...type }, body: JSON.stringify(body) }),
    );
  }

  async #request(method: 'GET' | 'POST', path: string, parts: RequestParts): Promise<IncomingMessage> {
    const reply = await this.#send(method, path, parts).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (reply.statusCode! < 400) return reply;
    throw this.#refused(reply.statusCode!, await this.#text(reply));
  }

  #send(method: string, path: string, { headers, body, signal }: RequestParts): Promise<IncomingMessage> {
    const request = this.#route.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        ...this.#route,
        method,
        path: this.#prefix + path,
        headers: { ...this.#headers, ...headers },
        timeout: SILENCE_MS_MAX,
        ...(signal === undefined ? {} : { signal }),
      });
      outgoing.once('response', resolve);
      outgoing.on('error', reject);
      outgoing.once('timeout', () => outgoing.destroy(new Error(`it said nothing for ${SILENCE_MS_MAX / 1_000} s`)));
      outgoing.end(body);
    });
  }

  #text(reply: IncomingMessage): Promise<string> {
    return readAll(reply).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
  }

  async #json<T>(reply: IncomingMessage): Promise<T> {
    const text = await this.#text(reply);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw this.#refused(reply.statusCode!, text);
    }
  }

  #unreachable(cause: unknown): WeftError {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' || code === 'ECONNREFUSED' ? 'nobody listens there' : message;
    return new WeftError('server_unreachable', { address: this.address, problem }, { cause });
  }

  /** The error that the server had, when it is one of Weft's. */
  #refused(status: number, text: string): WeftError {
    try {
      const { code, params, diagnostics = [] } = JSON.parse(text) as Problem;
      if (Object.hasOwn(ERRORS, code)) return new WeftError(code as ErrorCode, params, { diagnostics });
    } catch {
      // Not from Weft: a proxy's page, perhaps.
    }
    return new WeftError('server_error', { address: this.address, status, detail: text.slice(0, 200) });
  }
}

function taskPath(task_id: string): string {
  return `/v1/tasks/${encodeURIComponent(task_id)}`;
}

function stepPath(task_id: string, step: string): string {
  return `${taskPath(task_id)}/steps/${encodeURIComponent(step)}`;
}
