import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { didYouMean, editDistance, nearest } from './nearest.ts';

const test = suite('nearest name');

const KEYS = ['method', 'headers', 'timeout_ms', 'url', 'query', 'id'];

test('finds what was meant', () => {
  const meant: [string, string | undefined][] = [
    ['metod', 'method'],
    ['ehaders', 'headers'],
    ['timeoutMs', 'timeout_ms'],
    ['TIMEOUT_MS', 'timeout_ms'],
    ['ulr', 'url'],
    ['ID', 'id'],
    ['di', undefined],
    ['retries', undefined],
    ['x', undefined],
    ['', undefined],
    ['m'.repeat(1_000_000), undefined],
  ];
  for (const [name, candidate] of meant) assert.is(nearest(name, KEYS), candidate, name.slice(0, 20));
  assert.is(didYouMean('metod', KEYS), 'did you mean "method"?');
  assert.is(didYouMean('zzz', KEYS), undefined);
});

test('of equally near names takes the first', () => {
  assert.is(nearest('cat', ['bat', 'hat']), 'bat');
  assert.is(nearest('cat', ['bat', 'Cat']), 'Cat');
});

test('counts edits, and a swap of neighbours as one', () => {
  const distances: [string, string, number][] = [
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ];
  for (const [a, b, distance] of distances) assert.is(editDistance(a, b), distance, `${a} ${b}`);
});

test('is a distance: symmetric, zero for equals alone, within the longer length', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.is(distance, editDistance(b, a));
      assert.is(distance === 0, a === b);
      assert.ok(distance >= Math.abs(a.length - b.length) && distance <= Math.max(a.length, b.length));
    }),
    { numRuns: 1000 },
  );
});
