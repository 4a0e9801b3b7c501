import { createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Asked, nothingAt, type Service, startService } from '../service.ts';
import { startMailbox } from './mailbox.ts';

/** A message whose signature was right. */
export interface Hook {
  readonly type: string;
  readonly data: unknown;
}

/** A price list that is asked for several orders at once, and a warehouse that is told by webhook. */
export interface FulfilmentService extends Service {
  /** What the warehouse was told, by `webhook-id`: the same message twice is one. */
  readonly hooks: ReadonlyMap<string, Hook>;
}

interface Order {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
}

const PRICES: Readonly<Record<string, number>> = { loom: 420, thread: 3.5, shuttle: 18, reed: 64, heddle: 0.8 };

/** The batch with this order is refused once; the one with that order takes its time. */
const REFUSED_ONCE = 'A-2004';
const SLOW = 'A-2010';
const SLOW_MS = 400;
/** A signature older than this is not believed. */
const AGE_S_MAX = 300;

/** Starts the service on loopback; port 0 takes a free one. `secret` is the webhooks' key, `whsec_` and base64. */
export async function startFulfilmentService(port: number, secret: string): Promise<FulfilmentService> {
  const hooks = new Map<string, Hook>();
  let refused = false;

  const enrich = async ({ text }: Asked): Promise<Answer> => {
    const { orders } = JSON.parse(text) as { orders: readonly Order[] };
    const has = (id: string): boolean => orders.some((order) => order.id === id);
    if (has(REFUSED_ONCE) && !refused) {
      refused = true;
      return { status: 503, json: { error: 'the price list is being printed' }, headers: { 'retry-after': '1' } };
    }
    if (has(SLOW)) await delay(SLOW_MS);
    const foreign = orders.find(({ sku }) => !Object.hasOwn(PRICES, sku));
    if (foreign !== undefined) {
      return { status: 422, json: { error: `order ${foreign.id}: nobody sells ${foreign.sku}` } };
    }
    const priced = orders.map((order) => ({ ...order, amount: PRICES[order.sku]! * order.quantity }));
    return { status: 200, json: { orders: priced } };
  };

  const hook = (asked: Asked): Answer => {
    if (!isSigned(asked, secret)) return { status: 401, json: { error: 'the signature is not ours' } };
    const id = String(asked.headers['webhook-id']);
    if (!hooks.has(id)) hooks.set(id, JSON.parse(asked.text) as Hook);
    return { status: 202, json: {} };
  };

  const service = await startService(port, (asked) => {
    switch (`${asked.method} ${asked.path}`) {
      case 'POST /enrich':
        return enrich(asked);
      case 'POST /hooks':
        return hook(asked);
      default:
        return nothingAt(asked);
    }
  });
  return { ...service, hooks };
}

/** As https://www.standardwebhooks.com has it: HMAC-SHA256 over id, time and body, and a time that is not long ago. */
function isSigned({ headers, text }: Asked, secret: string): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) < AGE_S_MAX)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .map((each) => Buffer.from(each.replace(/^v1,/, ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

if (import.meta.main) {
  const secret = process.env['WAREHOUSE_HOOK'];
  if (secret === undefined) {
    process.stderr.write('set WAREHOUSE_HOOK as for `weft run`; see examples/fulfilment/README.md\n');
    process.exit(2);
  }
  const service = await startFulfilmentService(7434, secret);
  const mailbox = await startMailbox(7435, (mail) => process.stdout.write(`${JSON.stringify(mail, null, 2)}\n`));
  process.stderr.write(`fulfilment service on ${service.url}, mail on port ${mailbox.port}\n`);
}
