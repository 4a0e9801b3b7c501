import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { MESSAGE_DATA, type MessageType, messageSchema } from './message_shapes.ts';
import {
  cancelMessage,
  claimMessage,
  type DispatchData,
  dispatchMessage,
  type ResultData,
  readCancel,
  readClaim,
  readDispatch,
  readResult,
  resultMessage,
} from './messages.ts';
import type { CloudEvent } from './port.ts';

const test = suite('messages');

const fence = { task_id: 't1', step_id: 't1.0', attempt: 2, activation: 1 };
const signal = { id: 's1', at: 5, principal: 'ada', roles: ['manager'], data: { approve: true }, reason: 'fine' };
const dispatch: DispatchData = {
  identity: {
    ...fence,
    step_name: 'fetch',
    namespace: 'default',
    template_name: 'intake',
    idempotency_key: 't1.0',
  },
  pin: { name: 'http_request', version: '1.0.0', digest: 'sha256:00' },
  config: { url: 'http://127.0.0.1/orders' },
  inputs: {},
  resume: { state: { n: 1 }, signals: [signal], fired: 'remind' },
  timeout_ms: 30_000,
  egress: [{ scheme: 'http', host: '127.0.0.1', port: 8080, methods: ['GET'], path: '/orders' }, { host: '*.test' }],
  secrets: ['API_KEY'],
};
const receipt = { broker: 'b1', claimed_at: 7, run_ms: 1.5, hosts: ['127.0.0.1'] };
const results: readonly ResultData[] = [
  { ...fence, kind: 'unavailable' },
  { ...fence, kind: 'failure', failure: { code: 'trap', message: 'it trapped', retryable: false }, receipt },
  {
    ...fence,
    kind: 'failure',
    failure: { code: 'http_429', message: 'slow down', retryable: true, retry_after_ms: 500, details: { status: 429 } },
  },
  { ...fence, kind: 'outcome', outcome: { kind: 'complete', result: null }, receipt },
  { ...fence, kind: 'outcome', outcome: { kind: 'branch', steps: ['approve'], result: { why: [] } } },
  { ...fence, kind: 'outcome', outcome: { kind: 'batches', items: [1, {}], max_concurrency: 0, result: 2 } },
  {
    ...fence,
    kind: 'outcome',
    outcome: {
      kind: 'suspend',
      state: {},
      request: { title: 'Approve?', audience: ['role:manager'] },
      signals: true,
      deadlines: [{ name: 'timeout', after_ms: 0 }],
    },
  },
];
const messages: readonly CloudEvent[] = [
  dispatchMessage(dispatch, 0),
  ...results.map((result) => resultMessage(result, 0)),
  claimMessage({ ...fence, broker: 'b1', claimed_at: 7 }, 0),
  cancelMessage({ task_id: 't1', step_id: 't1.0' }, 0),
];

const ajv = new Ajv2020({ strict: true, allErrors: false });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
const validators = Object.fromEntries(
  (Object.keys(MESSAGE_DATA) as MessageType[]).map((type) => [type, ajv.compile(messageSchema(type))]),
);

const overWire = (message: CloudEvent): CloudEvent => JSON.parse(JSON.stringify(message)) as CloudEvent;

test('what is read is what was sent', () => {
  assert.equal(readDispatch(overWire(dispatchMessage(dispatch, 0))), dispatch);
  for (const result of results) assert.equal(readResult(overWire(resultMessage(result, 0))), result);
  const claim = { ...fence, broker: 'b1', claimed_at: 7 };
  assert.equal(readClaim(overWire(claimMessage(claim, 0))), claim);
  assert.equal(readCancel(overWire(cancelMessage({ task_id: 't1', step_id: 't1.0' }, 0))), {
    task_id: 't1',
    step_id: 't1.0',
  });
});

test('every message meets its published schema', () => {
  for (const message of messages) {
    const validate = validators[message.type]!;
    assert.ok(validate(overWire(message)), `${message.type}: ${ajv.errorsText(validate.errors)}`);
  }
});

test('ids are derived: the same dispatch is the same message, and its answer another', () => {
  const sent = dispatchMessage(dispatch, 0);
  assert.is(sent.id, 't1.0/2/1');
  assert.is(dispatchMessage(dispatch, 999).id, sent.id);
  const ids = new Set(messages.map(({ source, id }) => `${source} ${id}`));
  assert.is(ids.size, 4);
});

test('the trace context travels in the envelope', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const message = overWire(dispatchMessage({ ...dispatch, traceparent }, 0));
  assert.is(message.traceparent, traceparent);
  assert.not('traceparent' in message.data);
  assert.is(readDispatch(message)?.traceparent, traceparent);
});

test('a message of another type is not read', () => {
  const readers = [readDispatch, readResult, readClaim, readCancel];
  for (const message of messages) assert.is(readers.filter((read) => read(message) !== undefined).length, 1);
});

/** Places in a JSON value, as functions that put something else there or take it away. */
function mutations(value: unknown, put: (mutant: unknown) => unknown): ((mutant: unknown) => unknown)[] {
  const own = [put];
  if (Array.isArray(value)) {
    return value.reduce((all, item, i) => all.concat(mutations(item, (m) => put(value.with(i, m)))), own);
  }
  if (typeof value !== 'object' || value === null) return own;
  return Object.entries(value).reduce(
    (all, [key, item]) =>
      all.concat(
        mutations(item, (m) => put({ ...value, [key]: m })),
        () => put(Object.fromEntries(Object.entries(value).filter(([other]) => other !== key))),
      ),
    own,
  );
}

test('the guard and the published schema agree on every damaged message', () => {
  const damaged = messages.flatMap(({ type, data }) => mutations(data, (m) => m).map((mutate) => ({ type, mutate })));
  const junk = fc.oneof(fc.constantFrom('', 'x', 'complete', 0, 1, -1, 1.5, null, true), fc.jsonValue({ maxDepth: 1 }));
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...damaged), junk, ({ type, mutate }, mutant) => {
      const data = mutate(mutant);
      const message = { ...messages.find((known) => known.type === type)!, data };
      const fits = MESSAGE_DATA[type as MessageType].fits(data);
      assert.is(fits, validators[type]!(message), JSON.stringify(data));
      if (!fits) refused++;
    }),
    { numRuns: 3_000 },
  );
  assert.ok(refused > 1_000, `only ${refused} were refused`);
});
