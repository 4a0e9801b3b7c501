import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import { jsonSize, sizeProblem } from './size.ts';

const test = suite('size of JSON');

const nested = (depth: number): Json => {
  let value: Json = 0;
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { k: value };
  return value;
};

test('lets a value pass up to its limits', () => {
  const limits = { depth_max: 3, size_max: 100 };
  assert.is(sizeProblem(nested(3), limits), undefined);
  assert.equal(sizeProblem({ a: ['x', nested(2)] }, limits), {
    pointer: '/a/1/0',
    message: 'nested more than 3 levels deep',
    expected: 3,
  });
  assert.is(sizeProblem('x'.repeat(92), limits), undefined);
  assert.match(sizeProblem('x'.repeat(93), limits)!.message, 'larger than 100');
  assert.match(sizeProblem({ ['x'.repeat(93)]: 0 }, limits)!.message, 'larger than 100');
  assert.match(sizeProblem(Array(1_000_000).fill(0), limits)!.message, 'larger than 100');
});

test('says where a __proto__ key is', () => {
  const limits = { depth_max: 9, size_max: 1_000 };
  assert.is(sizeProblem(JSON.parse('{"a":[{"__proto__":1}]}'), limits)?.pointer, '/a/0/__proto__');
  assert.is(sizeProblem({ a: '__proto__' }, limits), undefined);
});

test('measures the JSON text, escapes aside, at any depth', () => {
  const plain = fc.jsonValue({ stringUnit: fc.constantFrom('a', 'b'), maxDepth: 4 });
  fc.assert(
    fc.property(plain, (value) => {
      assert.is(jsonSize(value as Json), JSON.stringify(value).length);
    }),
    { numRuns: 1000 },
  );
  assert.is(jsonSize(nested(20_000)), Number.POSITIVE_INFINITY);
  assert.ok(jsonSize(Array(1_000).fill('x'), 10) > 10);
});
