import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';

/** A request as a server saw it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw_headers: readonly string[];
  readonly body: string;
}

/** A server on a loopback port of its own. */
export interface LoopbackServer {
  readonly port: number;
  /** How many connections were ever accepted. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts an HTTP server that keeps every request it gets, whole, before `answer` answers it. */
export async function startHttpServer(
  answer: (request: SeenRequest, response: ServerResponse, message: IncomingMessage) => void,
): Promise<LoopbackServer & { readonly requests: SeenRequest[] }> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const request = {
      method: message.method ?? '',
      url: message.url ?? '',
      headers: message.headers,
      raw_headers: message.rawHeaders,
      body: Buffer.concat(chunks).toString(),
    };
    requests.push(request);
    answer(request, response, message);
  });
  const listening = await listen(server);
  const close = async () => {
    server.closeAllConnections();
    await listening.close();
  };
  return { ...listening, requests, close };
}

/** Starts a TCP server that nobody should reach: it accepts, counts and hangs up. */
export async function startSentinel(): Promise<LoopbackServer> {
  return listen(createTcpServer((socket) => socket.destroy()));
}

/** Binds a server of any kind to `127.0.0.1`, port 0. */
export async function listen(server: Server): Promise<LoopbackServer> {
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
