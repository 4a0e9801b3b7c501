import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { JsonObject } from '../../kernel/json.ts';
import type { Engine } from '../orchestrator/port.ts';
import type { Caller } from './door.ts';

/** A JSON Schema, draft 2020-12. */
export type Schema = JsonObject;

/**
 * What a route asks of its caller. `open`: nothing, not even a known `Host`. `signal`: any name; whom a step asks is
 * the step's own business. The others: a role that grants it (see `GRANTS`).
 */
export type Access = 'open' | 'read' | 'submit' | 'operate' | 'administer' | 'signal';

/** What the routes work with. */
export interface ApiContext {
  readonly engine: Engine;
  readonly version: string;
  /** The API's description (OpenAPI 3.1). */
  readonly description: JsonObject;
  /** Between the comments that keep an idle event stream open. */
  readonly heartbeat_ms: number;
  /** Aborts when the API closes: endless answers end. */
  readonly closing: AbortSignal;
}

/** A request that passed its route's schemas. */
export interface Call<Query, Body> {
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  readonly api: ApiContext;
}

/** What a route answers; a stream is sent as `text/event-stream`, anything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: object | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One status that a route answers with, for the description; errors are described once, for all routes. */
export interface Reply {
  readonly description: string;
  /** The name of a schema in `REPLIES`; absent when there is no body. */
  readonly schema?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It may come as server-sent events instead. */
  readonly event_stream?: boolean;
}

/** One route: everything the server, the description and the documentation know of it. */
export interface Route<Query = unknown, Body = unknown> {
  readonly method: 'GET' | 'POST';
  /** With parameters as `:task_id`. */
  readonly path: string;
  readonly operation_id: string;
  readonly summary: string;
  readonly access: Access;
  /** Schemas of the query's fields, all optional; absent: it takes none. */
  readonly query?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  readonly replies: Readonly<Record<number, Reply>>;
  answer(call: Call<Query, Body>): Promise<Answer>;
}

/** Types a route's query and body; the schemas beside them are what makes the types true. */
export function route<Query = Record<never, never>, Body = undefined>(spec: Route<Query, Body>): Route {
  return spec as unknown as Route;
}
