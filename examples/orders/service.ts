import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A shop's order feed and its ledger: a real HTTP server with the manners of one on a bad day. */
export interface OrderService {
  readonly url: string;
  /** What the ledger has accepted, by idempotency key: a key that comes again is answered, not booked twice. */
  readonly booked: ReadonlyMap<string, Booking>;
  /** Every request, as `GET /orders?page=2 → 429`. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** An accepted batch. */
export interface Booking {
  readonly orders: readonly unknown[];
  readonly total: number;
}

const ORDERS = [
  { id: 'A-1001', customer: 'ada@example.com', currency: 'EUR', lines: [{ sku: 'loom', quantity: 1, price: 420 }] },
  {
    id: 'A-1002',
    customer: 'grace@example.com',
    currency: 'EUR',
    lines: [{ sku: 'thread', quantity: 12, price: 3.5 }],
  },
  { id: 'A-1003', customer: 'nobody', currency: 'EUR', lines: [{ sku: 'shuttle', quantity: 2, price: 18 }] },
  {
    id: 'A-1004',
    customer: 'edsger@example.com',
    currency: 'EUR',
    lines: [
      { sku: 'thread', quantity: 4, price: 3.5 },
      { sku: 'reed', quantity: 1, price: 64 },
    ],
  },
  { id: 'A-1005', customer: 'barbara@example.com', currency: 'EUR', lines: [] },
  {
    id: 'A-1006',
    customer: 'donald@example.com',
    currency: 'EUR',
    lines: [{ sku: 'heddle', quantity: 30, price: 0.8 }],
  },
  { id: 'A-1007', customer: 'frances@example.com', currency: 'XXX', lines: [{ sku: 'loom', quantity: 1, price: 420 }] },
] as const;
const PAGE = 3;

/** The ledger fails this many times before it books; the feed asks to wait this often. */
const LEDGER_FAILURES = 2;
const FEED_REFUSALS = 1;

/** Starts the service on loopback; port 0 takes a free one. */
export async function startOrderService(port: number): Promise<OrderService> {
  const booked = new Map<string, Booking>();
  const log: string[] = [];
  let ledgerFailures = LEDGER_FAILURES;
  let feedRefusals = FEED_REFUSALS;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/orders') {
      const page = Number(url.searchParams.get('page') ?? '1');
      if (page === 2 && feedRefusals-- > 0) {
        return send(response, 429, { error: 'slow down' }, { 'retry-after': '1' });
      }
      const orders = ORDERS.slice((page - 1) * PAGE, page * PAGE);
      const more = page * PAGE < ORDERS.length;
      return send(response, 200, { orders }, more ? { link: `</orders?page=${page + 1}>; rel="next"` } : {});
    }
    if (request.method === 'POST' && url.pathname === '/ledger') {
      const key = String(request.headers['idempotency-key'] ?? '');
      const body = JSON.parse(await textOf(request)) as Booking;
      if (ledgerFailures-- > 0) return send(response, 500, { error: 'the ledger is being rebooted' });
      const repeated = booked.has(key);
      if (!repeated) booked.set(key, { orders: body.orders, total: body.total });
      return send(response, repeated ? 200 : 201, { booked: body.orders.length, total: body.total, repeated });
    }
    send(response, 404, { error: `nothing at ${request.method} ${url.pathname}` });
  };

  const server = createServer((request, response) => {
    response.on('finish', () => log.push(`${request.method} ${request.url} → ${response.statusCode}`));
    answer(request, response).catch((error: Error) => send(response, 400, { error: error.message }));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    booked,
    log,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

if (import.meta.main) {
  const service = await startOrderService(Number(process.env['PORT'] ?? '7431'));
  process.stderr.write(`order service on ${service.url}\n`);
}
