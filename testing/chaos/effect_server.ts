import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Counts what reaches the outside world: a real HTTP server that remembers every idempotency key. */
export interface EffectServer {
  readonly url: string;
  readonly port: number;
  /** How often each key was accepted. */
  readonly effects: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Every `FLAKY`-th first call of a key is refused, so that retries happen too. */
const FLAKY = 5;

/** Starts the server on a free loopback port. */
export async function startEffectServer(): Promise<EffectServer> {
  const effects = new Map<string, number>();
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    request.resume();
    const key = String(request.headers['idempotency-key'] ?? '');
    const isFirst = !seen.has(key);
    seen.add(key);
    if (isFirst && seen.size % FLAKY === 0) {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":"not today"}');
      return;
    }
    effects.set(key, (effects.get(key) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    effects,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
