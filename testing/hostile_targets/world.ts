import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { OperatorEgressRule } from '../../host/config/types.ts';
import { type HostCalls, startHostCalls } from '../host_calls.ts';
import { SELF_SIGNED, SELF_SIGNED_KEY } from '../self_signed.ts';
import { addressTargets } from './addresses.ts';
import { answerFor, nameTargets } from './names.ts';
import { redirectTargets } from './redirects.ts';
import { requestTargets } from './requests.ts';
import { misbehaviourOf, responseTargets } from './responses.ts';
import type { HostileTarget, Ports } from './target.ts';
import { urlTargets } from './urls.ts';

/** Servers, good and bad, sentinels on every address of the machine, and a client that the targets are tried on. */
export interface HostileWorld {
  readonly ports: Ports;
  readonly targets: readonly HostileTarget[];
  readonly calls: HostCalls;
  /** How often somebody connected to a sentinel. */
  trespasses(): number;
  /** Forgets those so far. */
  forgive(): void;
  /** How many connections the misbehaving server holds. */
  held(): number;
  close(): Promise<void>;
}

/** Starts it. The operator's rules open what the targets name, so that it is the address, hop or answer that refuses them. */
export async function startHostileWorld(): Promise<HostileWorld> {
  let trespassed = 0;
  const sentinel = createServer((socket) => {
    trespassed += 1;
    socket.destroy();
  });
  const sockets = new Set<Socket>();
  const hostile = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    answerRequests(socket, misbehave);
  });
  const honest = createServer((socket) => answerRequests(socket, () => socket.write(OK)));
  const tls = createTlsServer({ key: SELF_SIGNED_KEY, cert: SELF_SIGNED }, (socket) => socket.end(OK));
  const ports: Ports = {
    // No address is none of these: a request to any address of this machine would be seen.
    sentinel: await listening(sentinel, '::'),
    honest: await listening(honest, '127.0.0.1'),
    hostile: await listening(hostile, '127.0.0.1'),
    tls: await listening(tls, '127.0.0.1'),
  };
  const targets = [addressTargets, nameTargets, urlTargets, requestTargets, redirectTargets, responseTargets].flatMap(
    (targetsOf) => targetsOf(ports),
  );
  const calls = await startHostCalls({
    egress: rulesFor(ports, targets),
    resolve: answerFor,
    limits: { host_calls_max: 100_000, wire_bytes_max: 2 ** 32, io_bytes_max: 2 ** 32, request_bytes_max: 200_000 },
  });
  return {
    ports,
    targets,
    calls,
    trespasses: () => trespassed,
    forgive() {
      trespassed = 0;
    },
    held: () => sockets.size,
    async close() {
      await calls.close();
      for (const socket of sockets) socket.destroy();
      for (const server of [sentinel, honest, hostile, tls]) await new Promise((closed) => server.close(closed));
    },
  };
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhonest';

function misbehave(socket: Socket, target: string): void {
  const url = new URL(target, 'http://host');
  const to = Buffer.from(url.searchParams.get('to') ?? '').toString('latin1');
  const status = /^\/redirect\/(\d+)$/.exec(url.pathname)?.[1];
  if (status !== undefined) {
    socket.write(`HTTP/1.1 ${status} Moved\r\nlocation: ${to}\r\ncontent-length: 0\r\n\r\n`, 'latin1');
  } else if (url.pathname === '/two-locations') {
    socket.end(`HTTP/1.1 302 Moved\r\nlocation: ${to}\r\nlocation: /closing\r\ncontent-length: 0\r\n\r\n`);
  } else if (url.pathname === '/redirect-drip') {
    socket.write('HTTP/1.1 302 Moved\r\nlocation: /closing\r\ncontent-length: 10000\r\n\r\n');
  } else if (url.pathname === '/closing') {
    socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok');
  } else {
    misbehaviourOf(url.pathname)?.(socket);
  }
}

/** Calls `answer` with the target of each request, whose body, if any, is ignored. */
function answerRequests(socket: Socket, answer: (socket: Socket, target: string) => void): void {
  let read = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    read += chunk.toString('latin1');
    const end = read.indexOf('\r\n\r\n');
    if (end < 0) return;
    const target = /^[A-Z]+ (\S+) /.exec(read)?.[1] ?? '/';
    read = '';
    answer(socket, target);
  });
}

function rulesFor({ sentinel, honest, hostile, tls }: Ports, targets: readonly HostileTarget[]): OperatorEgressRule[] {
  const hosts = targets.map(({ request }) => URL.parse(request.url)).filter((url) => url?.port === String(sentinel));
  const open = [...new Set(hosts.map((url) => url!.hostname))];
  return [
    ...[...open, '*.public.test', 'localhost', '127.0.0.1', '[::1]'].map(
      (host) => ({ scheme: 'http', host, port: sentinel }) as const,
    ),
    { scheme: 'http', host: 'honest.test', port: honest, path: '/open', methods: ['GET', 'POST'], private: true },
    ...['hostile.test', '*.hostile.test'].map(
      (host) => ({ scheme: 'http', host, port: hostile, private: true }) as const,
    ),
    ...[tls, hostile].map((port) => ({ scheme: 'https', host: 'hostile.test', port, private: true }) as const),
  ];
}

function listening(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    // A server of TLS tells of clients that turn away.
    server.on('tlsClientError', () => undefined);
    server.listen(0, host, () => resolve((server.address() as { port: number }).port));
  });
}
