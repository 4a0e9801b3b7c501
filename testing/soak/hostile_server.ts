import { createServer, type Socket } from 'node:net';
import { misbehaviourOf, responseTargets } from '../hostile_targets/responses.ts';

/** A server of which every answer is bad in its own way, and how a request for each must fail. */
export interface HostileServer {
  readonly port: number;
  readonly url: string;
  readonly targets: readonly { readonly path: string; readonly code: string }[];
  /** How many connections it holds. */
  held(): number;
  close(): Promise<void>;
}

/** What `http_request` calls the errors of the host. */
const CODES: Readonly<Record<string, string>> = { 'too-large': 'too_large' };

/** Whether the client hangs up or runs out of time first is a matter of the moment. */
const FICKLE = 'endless-continue';

/** Starts it on a free loopback port. A path that no misbehaviour has is answered as it should be. */
export async function startHostileServer(): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let read = '';
    socket.on('data', (chunk) => {
      read += chunk.toString('latin1');
      if (!read.includes('\r\n\r\n')) return;
      const path = /^[A-Z]+ (\S+) /.exec(read)?.[1] ?? '/';
      read = '';
      const misbehave = misbehaviourOf(path);
      if (misbehave === undefined) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      else misbehave(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const targets = responseTargets({ sentinel: port, honest: port, hostile: port, tls: port });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    targets: targets
      .filter(({ name }) => !name.endsWith(FICKLE))
      .map(({ request, expected }) => ({
        path: new URL(request.url).pathname,
        code: CODES[expected] ?? expected,
      })),
    held: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
