import type { Json } from '../guest/index.ts';
import type { Batch, Key } from './types.ts';

/** One batch for each item. */
export function each(items: readonly Json[]): Batch[] {
  return items.map((item) => ({ item }));
}

/** Batches of `size` items, the last one of what is left. */
export function bySize(items: readonly Json[], size: number): Batch[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => ({
    items: items.slice(index * size, (index + 1) * size),
  }));
}

/** `count` batches, or one for each item when there are fewer; the first ones have one item more where it does not divide. */
export function byCount(items: readonly Json[], count: number): Batch[] {
  const length = Math.min(count, items.length);
  const least = Math.floor(items.length / length);
  const larger = items.length % length;
  const start = (index: number) => index * least + Math.min(index, larger);
  return Array.from({ length }, (_, index) => ({ items: items.slice(start(index), start(index + 1)) }));
}

/** One batch for each key, in the order in which the keys first occur; `1` and `"1"` are two keys. */
export function byKey(items: readonly Json[], keyOf: (item: Json, index: number) => Key): Batch[] {
  const groups = new Map<Key, Json[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item, index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return Array.from(groups, ([key, grouped]) => ({ key, items: grouped }));
}
