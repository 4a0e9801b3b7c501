import { type Asked, nothingAt, type Service, startService } from '../service.ts';

/** A shop's order feed and its ledger: a real HTTP server with the manners of one on a bad day. */
export interface OrderService extends Service {
  /** What the ledger has accepted, by idempotency key: a key that comes again is answered, not booked twice. */
  readonly booked: ReadonlyMap<string, Booking>;
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
  let ledgerFailures = LEDGER_FAILURES;
  let feedRefusals = FEED_REFUSALS;

  const page = ({ query }: Asked) => {
    const number = Number(query.get('page') ?? '1');
    if (number === 2 && feedRefusals-- > 0) {
      return { status: 429, json: { error: 'slow down' }, headers: { 'retry-after': '1' } };
    }
    const orders = ORDERS.slice((number - 1) * PAGE, number * PAGE);
    const more = number * PAGE < ORDERS.length;
    return {
      status: 200,
      json: { orders },
      headers: more ? { link: `</orders?page=${number + 1}>; rel="next"` } : {},
    };
  };
  const book = ({ headers, text }: Asked) => {
    const key = String(headers['idempotency-key'] ?? '');
    const { orders, total } = JSON.parse(text) as Booking;
    if (ledgerFailures-- > 0) return { status: 500, json: { error: 'the ledger is being rebooted' } };
    const repeated = booked.has(key);
    if (!repeated) booked.set(key, { orders, total });
    return { status: repeated ? 200 : 201, json: { booked: orders.length, total, repeated } };
  };

  const service = await startService(port, (asked) => {
    switch (`${asked.method} ${asked.path}`) {
      case 'GET /orders':
        return page(asked);
      case 'POST /ledger':
        return book(asked);
      default:
        return nothingAt(asked);
    }
  });
  return { ...service, booked };
}

if (import.meta.main) {
  const service = await startOrderService(Number(process.env['PORT'] ?? '7431'));
  process.stderr.write(`order service on ${service.url}\n`);
}
