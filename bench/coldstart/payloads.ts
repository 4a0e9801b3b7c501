import type { CannedWorld } from '../../host/handler_author/native/canned_host.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';

/** What a handler of the catalog is given, and what the world answers it. */
export interface Payload {
  readonly config: JsonObject;
  readonly inputs: JsonObject;
  readonly world: CannedWorld;
}

/** Records in the small payload: 1 KB of JSON. */
export const SMALL_RECORDS = 10;
/** And in the large: some 100 KB. */
export const LARGE_RECORDS = 1_000;

/** For every handler of the catalog, its plain work over so many records. */
export function payloads(count: number): Readonly<Record<string, Payload>> {
  const items = records(count);
  const document = { items };
  const one = (config: JsonObject, inputs: JsonObject = document, world: CannedWorld = {}): Payload => ({
    config,
    inputs,
    world,
  });
  const schema = { type: 'object', required: ['items'], properties: { items: { type: 'array', items: RECORD } } };
  return {
    aggregate: one({ sum: {}, select: 'price' }, { items: items.map((result) => ({ status: 'complete', result })) }),
    decide: one({
      rules: [{ name: 'many', when: '$sum(items.quantity) > 1000000', then: ['a'] }],
      default: { then: ['b'] },
    }),
    fan_out: one({ max_concurrency: 10 }),
    gate: one({ title: 'May it?', details: document }, {}),
    http_request: one({ url: 'https://api.example.com/orders' }, {}, { http: [{ response: jsonBody(document) }] }),
    notify: one(
      { recipients: [{ email: { to: 'ann@example.com' } }], message: { subject: 'Orders', text: lines(items) } },
      {},
      { mail: [{}] },
    ),
    transform: one({ expression: '$sum(items.(price * quantity))' }),
    validate: one({ schema }),
  };
}

const RECORD: JsonObject = {
  type: 'object',
  required: ['id', 'price', 'quantity'],
  properties: { id: { type: 'string' }, price: { type: 'number' }, quantity: { type: 'integer', minimum: 0 } },
};

function records(count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `order-${String(index).padStart(6, '0')}`,
    customer: 'Ann Example of Example Street',
    price: 2.5 + (index % 100),
    quantity: 1 + (index % 7),
  }));
}

function jsonBody(json: Json) {
  return { headers: { 'content-type': 'application/json' }, body: { json } };
}

function lines(items: readonly JsonObject[]): string {
  return items.map((item) => JSON.stringify(item)).join('\n');
}
