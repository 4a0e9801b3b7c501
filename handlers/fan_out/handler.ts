import { batches, defineHandler, fail, type Json, type JsonObject } from '../guest/index.ts';
import capability from './capability.json' with { type: 'json' };
import { type Ask, compile } from './expressions.ts';
import { byCount, byKey, bySize, each } from './partition.ts';
import type { Batch, FanOutConfig, Key } from './types.ts';

/** The engine's own limit on the workers of one fan-out. */
const BATCHES_MAX = 10_000;

/** Splits a list into the batches that workers get. */
export const handler = defineHandler<FanOutConfig>({
  capability,
  run({ config, inputs }) {
    // All are compiled before any is asked, so that a wrong one shows even when there are no items.
    const source = compiled(config.source, '/source', config);
    const partition = partitioner(config, inputs);
    const worker = compiled(config.worker, '/worker', config);

    const items = itemsOf(inputs, source);
    checkCount(items.length, config.max_items);
    const parts = partition(items);
    if (parts.length > BATCHES_MAX) {
      fail('too_many_batches', `${parts.length} batches, where ${BATCHES_MAX} are possible: make them larger`, {
        details: { batches: parts.length, batches_max: BATCHES_MAX },
      });
    }
    const { max_concurrency, tolerance } = config;
    const keys = parts.flatMap((part) => ('key' in part ? [part.key] : []));
    return batches(
      parts.map((part, index) => workerItem(part, { index, total: parts.length }, worker, inputs)),
      {
        maxConcurrency: max_concurrency,
        result: {
          batches: parts.length,
          items: items.length,
          tolerance: { count: tolerance.count, percentage: tolerance.percentage },
          ...(isKeyed(config) ? { keys } : {}),
        },
      },
    );
  },
});

function compiled(expression: string | undefined, pointer: string, { limits }: FanOutConfig): Ask | undefined {
  return expression === undefined ? undefined : compile(expression, pointer, limits);
}

function isKeyed({ partition }: FanOutConfig): boolean {
  return typeof partition === 'object' && 'key' in partition;
}

function partitioner({ partition, limits }: FanOutConfig, inputs: JsonObject): (items: readonly Json[]) => Batch[] {
  if (partition === 'each') return each;
  if ('size' in partition) return (items) => bySize(items, partition.size);
  if ('count' in partition) return (items) => byCount(items, partition.count);
  const ask = compile(partition.key, '/partition/key', limits);
  return (items) => byKey(items, (item, index) => keyOf(ask(item, { inputs, index }, { item: index }), index));
}

function keyOf(value: Json | undefined, index: number): Key {
  if (value === null || (value !== undefined && typeof value !== 'object')) return value as Key;
  const got = value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : 'an object';
  fail(
    'key_invalid',
    `"/partition/key" gives ${got} for item ${index}, where a text, number, boolean or null must be`,
    {
      details: { item: index },
    },
  );
}

/** JSONata gives a list of one as the one, and an empty one as nothing; the inputs' field has no such doubt. */
function itemsOf(inputs: JsonObject, source: Ask | undefined): readonly Json[] {
  if (source === undefined) {
    const items = inputs['items'];
    if (Array.isArray(items)) return items;
    fail('source_invalid', `the inputs' field "items" is ${nameOf(items)}, not a list; set it, or "source"`);
  }
  const selected = source(inputs);
  if (selected === null) fail('source_invalid', '"/source" gives null, not a list; an empty list is []');
  if (selected === undefined) return [];
  return Array.isArray(selected) ? selected : [selected];
}

function nameOf(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  return value === null ? 'null' : `of type ${typeof value}`;
}

function checkCount(items: number, max_items: number): void {
  if (items <= max_items) return;
  fail('too_many_items', `${items} items, where "max_items" allows ${max_items}; nothing was started`, {
    details: { items, max_items },
  });
}

function workerItem(
  batch: Batch,
  place: { readonly index: number; readonly total: number },
  worker: Ask | undefined,
  inputs: JsonObject,
): Json {
  if (worker === undefined) return 'item' in batch ? batch.item : batch;
  const value = worker({ ...batch, ...place }, { inputs }, { batch: place.index });
  if (value === undefined) {
    fail('value_missing', `"/worker" selects nothing for batch ${place.index}`, { details: { batch: place.index } });
  }
  return value;
}
