import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request, read to its end. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What is answered: `text` as it is, anything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An HTTP server on loopback: what workflows of the examples talk to. */
export interface Service {
  readonly url: string;
  readonly port: number;
  /** Every request that was answered, as `GET /orders?page=2 → 429`. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** Starts one that answers as told; port 0 takes a free one. An error is answered with 400 and its message. */
export async function startService(port: number, answer: (asked: Asked) => Answer | Promise<Answer>): Promise<Service> {
  const log: string[] = [];
  const server = createServer(async (request, response) => {
    const { method = 'GET', headers } = request;
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // The client hung up.
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const given = await Promise.try(answer, { method, path, query, headers, text }).catch(
      (error: Error): Answer => ({ status: 400, json: { error: error.message } }),
    );
    log.push(`${method} ${request.url} → ${given.status}`);
    const type = given.text === undefined ? 'application/json' : 'text/plain; charset=utf-8';
    response.writeHead(given.status, { 'content-type': type, ...given.headers });
    response.end(given.text ?? JSON.stringify(given.json ?? null));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What a service says of a path that it does not have. */
export function nothingAt({ method, path }: Asked): Answer {
  return { status: 404, json: { error: `nothing at ${method} ${path}` } };
}
