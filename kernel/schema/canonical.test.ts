import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import { canonicalJson } from './canonical.ts';

const test = suite('canonical JSON');

test('sorts keys by UTF-16 code units and writes no whitespace', () => {
  // The example of RFC 8785 §3.2.3.
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
  assert.is(canonicalJson(value), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  assert.is(canonicalJson({ b: [1, { d: null, c: '"' }], a: {} }), '{"a":{},"b":[1,{"c":"\\"","d":null}]}');
});

test('writes numbers as ECMAScript does', () => {
  assert.is(
    canonicalJson([JSON.parse('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0]),
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  );
});

test('keeps the value, and gives equal values one text', () => {
  const shuffled = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (any) => {
      const value = JSON.parse(JSON.stringify(any)) as Json;
      const text = canonicalJson(value);
      assert.equal(JSON.parse(text), value);
      assert.is(canonicalJson(shuffled(value)), text);
    }),
    { numRuns: 1000 },
  );
});

test('writes any depth', () => {
  let value: Json = 1;
  for (let i = 0; i < 20_000; i++) value = i % 2 ? [value] : { k: value };
  assert.is(canonicalJson(value).length, 2 * 10_000 + 6 * 10_000 + 1);
});
