import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Counts what reaches the outside world: a real HTTP server that remembers every path and idempotency key. */
export interface EffectServer {
  readonly url: string;
  readonly port: number;
  /** By path, how often each key was accepted there. */
  readonly effects: ReadonlyMap<string, ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** Every `FLAKY`-th first call of a key is turned away, so that retries happen too. */
const FLAKY = 5;
/** A path with this segment is refused for good, so that steps fail too. */
export const REFUSED = 'refused';
/** A path with this segment is answered with this many characters, the same for the same segment after it. */
export const LARGE = 'large';
export const LARGE_CHARACTERS = 300_000;
/** A path with this segment takes the secret that the server was started with, as a bearer. */
export const LOCKED = 'locked';

/** Starts the server on a free loopback port. It answers with the path that it was called at and the bytes it got. */
export async function startEffectServer(secret?: string): Promise<EffectServer> {
  const effects = new Map<string, Map<string, number>>();
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url ?? '/';
    const key = String(request.headers['idempotency-key'] ?? '');
    const isFirst = !seen.has(key);
    seen.add(key);
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const segments = path.split('/');
    if (segments.includes(REFUSED)) return answer(400, { error: 'never' });
    if (segments.includes(LOCKED) && request.headers.authorization !== `Bearer ${secret}`)
      return answer(403, { error: 'not with this key' });
    if (isFirst && seen.size % FLAKY === 0) return answer(503, { error: 'not today' });
    const keys = effects.get(path) ?? new Map<string, number>();
    effects.set(path, keys.set(key, (keys.get(key) ?? 0) + 1));
    const large = segments.indexOf(LARGE);
    if (large >= 0) return answer(200, { text: (segments[large + 1] ?? '.').repeat(LARGE_CHARACTERS) });
    answer(200, { path, bytes: Number(request.headers['content-length'] ?? 0) });
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
