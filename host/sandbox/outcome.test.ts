import { assert, suite } from '../../testing/suite.ts';
import { readFailure, readOutcome } from './outcome.ts';

const test = suite('outcome');

const branch = { steps: ['a', 'b'], result: '{"x":1}' };
const batches = { items: ['1', '{"a":2}'], maxConcurrency: 3, result: 'null' };
const suspension = {
  state: '[1]',
  request: '{"title":"Approve?"}',
  signals: '{"type":"object"}',
  deadlines: [{ name: 'late', afterMs: 5 }],
};

test('reads each kind of outcome', () => {
  assert.equal(readOutcome({ tag: 'complete', val: '{"a":[1,null]}' }), { kind: 'complete', result: { a: [1, null] } });
  assert.equal(readOutcome({ tag: 'branch', val: branch }), { kind: 'branch', steps: ['a', 'b'], result: { x: 1 } });
  assert.equal(readOutcome({ tag: 'batches', val: batches }), {
    kind: 'batches',
    items: [1, { a: 2 }],
    max_concurrency: 3,
    result: null,
  });
  assert.equal(readOutcome({ tag: 'suspend', val: suspension }), {
    kind: 'suspend',
    state: [1],
    request: { title: 'Approve?' },
    signals: { type: 'object' },
    deadlines: [{ name: 'late', after_ms: 5 }],
  });
});

test('reads a failure, its options present or absent', () => {
  const least = { code: 'no_luck', message: 'm', retryable: true };
  assert.equal(readFailure(least), least);
  assert.equal(readFailure({ ...least, retryAfterMs: null, details: undefined }), least);
  assert.equal(readFailure({ ...least, retryAfterMs: 0, details: '{"a":1}' }), {
    ...least,
    retry_after_ms: 0,
    details: { a: 1 },
  });
  assert.is(readFailure({ ...least, message: 'x'.repeat(5000) }).message.length, 4096);
});

test('refuses what the contract does not allow, naming the part', () => {
  const refused: [string, unknown][] = [
    ['outcome is not a record', 'complete'],
    ['outcome is none of', { tag: 'conquer', val: '1' }],
    ['complete is not a JSON text', { tag: 'complete', val: { a: 1 } }],
    ['complete is not JSON', { tag: 'complete', val: '{' }],
    ['complete is more than 64 levels deep', { tag: 'complete', val: '['.repeat(65) + ']'.repeat(65) }],
    ['complete has a key "__proto__"', { tag: 'complete', val: '{"a":{"__proto__":1}}' }],
    ['complete has a number beyond', { tag: 'complete', val: '[-1e400]' }],
    ['branch is not a record', { tag: 'branch', val: ['a'] }],
    ['branch.steps is not a list', { tag: 'branch', val: { ...branch, steps: 'a' } }],
    ['branch.steps[1] is not a name', { tag: 'branch', val: { ...branch, steps: ['a', ''] } }],
    ['branch.result is not a JSON text', { tag: 'branch', val: { steps: [] } }],
    ['batches is not a record', { tag: 'batches', val: ['1'] }],
    ['batches.items is not a list', { tag: 'batches', val: { ...batches, items: '1' } }],
    ['batches.items[1] is not a JSON text', { tag: 'batches', val: { ...batches, items: ['1', 2] } }],
    ['batches.items[0] is not a JSON text', { tag: 'batches', val: { ...batches, items: new Array(1) } }],
    ['batches.result is not a JSON text', { tag: 'batches', val: { ...batches, result: undefined } }],
    ['batches.max-concurrency is not a u32', { tag: 'batches', val: { ...batches, maxConcurrency: 2 ** 32 } }],
    ['batches.items[0] is not JSON', { tag: 'batches', val: { ...batches, items: ['x'] } }],
    ['batches.max-concurrency is not a u32', { tag: 'batches', val: { ...batches, maxConcurrency: -1 } }],
    ['suspend.request is not a record', { tag: 'suspend', val: { ...suspension, request: '[]' } }],
    ['suspend.request has no "title"', { tag: 'suspend', val: { ...suspension, request: '{}' } }],
    ['suspend.deadlines[0].after-ms', { tag: 'suspend', val: { ...suspension, deadlines: [{ name: 'a' }] } }],
    [
      'suspend.deadlines has a name twice',
      { tag: 'suspend', val: { ...suspension, deadlines: [...suspension.deadlines, { name: 'late', afterMs: 9 }] } },
    ],
    [
      'suspend.deadlines has more than 16',
      {
        tag: 'suspend',
        val: { ...suspension, deadlines: Array.from({ length: 17 }, (_, i) => ({ name: `d${i}`, afterMs: i })) },
      },
    ],
  ];
  for (const [message, value] of refused) assert.throws(() => readOutcome(value), message);
});

const batchesOf = (items: readonly string[]) => readOutcome({ tag: 'batches', val: { ...batches, items } });

test('takes no batch up to 10,000, and refuses one more', () => {
  const count = (length: number) => batchesOf(Array.from({ length }, (_, i) => String(i)));
  assert.equal(count(0), { kind: 'batches', items: [], max_concurrency: 3, result: null });
  assert.equal(count(10_000), { ...count(0), items: Array.from({ length: 10_000 }, (_, i) => i) });
  assert.throws(() => count(10_001), 'batches.items has 10001 items, where 10000 are allowed');
  assert.throws(() => batchesOf(new Array(2 ** 32 - 1)), 'batches.items has 4294967295 items');
});

test('takes a batch of up to 1 MiB, counted in bytes', () => {
  const wide = (bytes: number) => JSON.stringify('é'.repeat(bytes / 2 - 1));
  const most = wide(1024 * 1024);
  assert.is(Buffer.byteLength(most), 1024 * 1024);
  assert.equal(batchesOf(['1', most]), {
    kind: 'batches',
    items: [1, JSON.parse(most)],
    max_concurrency: 3,
    result: null,
  });
  assert.throws(() => batchesOf(['1', wide(1024 * 1024 + 2)]), 'batches.items[1] has 1048578 bytes');
});

test('refuses a failure that is none', () => {
  const failure = { code: 'no_luck', message: 'm', retryable: true };
  assert.throws(() => readFailure('thrown text'), 'failure is not a record');
  assert.throws(() => readFailure({ ...failure, code: 'No Luck' }), 'failure.code');
  assert.throws(() => readFailure({ ...failure, message: 1 }), 'failure.message');
  assert.throws(() => readFailure({ ...failure, retryable: 'yes' }), 'failure.retryable');
  assert.throws(() => readFailure({ ...failure, retryAfterMs: 1.5 }), 'failure.retry-after-ms');
  assert.throws(() => readFailure({ ...failure, details: '{' }), 'failure.details');
});

test('takes depth 64 and large documents', () => {
  const deep = '['.repeat(64) + ']'.repeat(64);
  assert.equal(readOutcome({ tag: 'complete', val: deep }), { kind: 'complete', result: JSON.parse(deep) });
  const wide = JSON.stringify(Array.from({ length: 100_000 }, (_, i) => i));
  assert.equal(readOutcome({ tag: 'complete', val: wide }), { kind: 'complete', result: JSON.parse(wide) });
});
