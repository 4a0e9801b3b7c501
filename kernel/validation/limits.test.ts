import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import { checkLimits } from './limits.ts';

const test = suite('validation: limits');

const found = (document: Json) => checkLimits(document).diagnostics.map(({ code, pointer }) => `${code} ${pointer}`);

test('takes forbidden keys out and names each', () => {
  const document = JSON.parse('{"a":{"__proto__":1,"b":[{"constructor":{"prototype":2}}]},"<<":{}}');
  assert.equal(found(document), [
    'key_forbidden /a/__proto__',
    'key_forbidden /a/b/0/constructor',
    'key_forbidden /<<',
  ]);
  assert.equal(checkLimits(document).document, { a: { b: [{}] } });
});

test('refuses numbers that a double does not hold, and only those', () => {
  assert.equal(found({ a: 2 ** 53 - 1, b: -(2 ** 53 - 1), c: 0.1, d: 1e-300 }), []);
  assert.equal(found({ a: 2 ** 53, b: -(2 ** 53), c: [1e300] }), [
    'number_out_of_range /a',
    'number_out_of_range /b',
    'number_out_of_range /c/0',
  ]);
  assert.equal(found({ a: Number.POSITIVE_INFINITY, b: Number.NaN }), [
    'number_out_of_range /a',
    'number_out_of_range /b',
  ]);
});

test('refuses half a surrogate pair in a text and in a key', () => {
  assert.equal(found({ a: 'x\ud800', 'k\udc00': 1, ok: '😀' }).length, 2);
});

test('looks at nothing in a document that is too deep or too large, and never runs out of stack', () => {
  let deep: Json = 1;
  for (let i = 0; i < 100_000; i++) deep = { k: deep };
  const hidden = JSON.parse('{"__proto__":1}') as Record<string, Json>;
  assert.equal(found({ hidden, deep }), ['document_too_deep ']);
  assert.is(checkLimits(deep).document, undefined);
  assert.equal(found({ text: 'x'.repeat(20_000_000) }), ['document_too_large ']);
});

test('counts what is shared as often as it is there', () => {
  let shared: Json = 'x'.repeat(100);
  for (let i = 0; i < 40; i++) shared = [shared, shared];
  assert.equal(found(shared), ['document_too_large ']);
});
