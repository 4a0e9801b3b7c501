import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { byCount, byKey, bySize, each } from './partition.ts';
import type { Batch } from './types.ts';

const test = suite('partition');

const lists = fc.array(fc.nat(), { maxLength: 60 });
const itemsOf = (batch: Batch) => ('item' in batch ? [batch.item] : batch.items);

test('every partition but the one by key has all items once, in order, and no empty batch', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 70 }), (items, n) => {
      for (const batches of [each(items), bySize(items, n), byCount(items, n)]) {
        assert.equal(batches.flatMap(itemsOf), items);
        assert.not.ok(batches.some((batch) => itemsOf(batch).length === 0));
      }
    }),
  );
});

test('by size, all batches but the last are full', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 70 }), (items, size) => {
      const sizes = bySize(items, size).map((batch) => itemsOf(batch).length);
      assert.ok(sizes.slice(0, -1).every((length) => length === size));
      assert.ok((sizes.at(-1) ?? 1) <= size);
    }),
  );
});

test('by count, there are as many as asked for or as there are items, and larger ones come first', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 70 }), (items, count) => {
      const sizes = byCount(items, count).map((batch) => itemsOf(batch).length);
      assert.is(sizes.length, Math.min(count, items.length));
      assert.equal(
        sizes,
        sizes.toSorted((a, b) => b - a),
      );
      assert.ok((sizes[0] ?? 0) - (sizes.at(-1) ?? 0) <= 1);
    }),
  );
});

test('by key, batches are the keys in the order of their first items, each with its items in order', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 9 }), (items, ways) => {
      const batches = byKey(items, (item) => (item as number) % ways);
      const keys = items.map((item) => item % ways);
      assert.equal(
        batches,
        [...new Set(keys)].map((key) => ({ key, items: items.filter((item) => item % ways === key) })),
      );
    }),
  );
});
