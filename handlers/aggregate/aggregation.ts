import { fail, type Json, type JsonObject } from '../guest/index.ts';
import { canonical } from './canonical.ts';
import { expressionOf } from './expressions.ts';
import { merge } from './merge.ts';
import { sum } from './sum.ts';
import type { Aggregation, ConcatConfig, Config, Item, Part } from './types.ts';

/** Aggregates what takes part. */
export type Aggregate = (items: readonly Item[], about: JsonObject) => Json;

/** The aggregation of a config, its expression compiled; `about` is what an expression sees besides the values. */
export function aggregationOf(config: Config): (parts: readonly Part[], about: JsonObject) => Json {
  const { group } = config;
  if (group === undefined) return aggregateBy(config, config, '');
  const inner = aggregateBy(group, config, 'group.');
  return (parts, about) => {
    const groups = new Map<string, Part[]>();
    for (const part of parts) {
      const group = groups.get(part.key);
      if (group === undefined) groups.set(part.key, [part]);
      else group.push(part);
    }
    return Object.fromEntries(Array.from(groups, ([key, items]) => [key, inner(items, { ...about, key })]));
  };
}

function aggregateBy(aggregation: Aggregation, { limits }: Config, place: string): Aggregate {
  const { merge: merging, concat: concatenating, count, expression } = aggregation;
  if (merging !== undefined) return (items) => merge(items, merging);
  if (aggregation.sum !== undefined) return sum;
  if (count !== undefined) return (items) => items.length;
  if (expression !== undefined) {
    const evaluate = expressionOf(expression, `${place}expression`, limits);
    return (items, about) => evaluate({ ...about, values: items.map(({ value }) => value) }) ?? null;
  }
  return (items) => concat(items, concatenating ?? { flatten: true, unique: false });
}

function concat(items: readonly Item[], { flatten, unique }: ConcatConfig): Json {
  const all = items.flatMap(({ value }) => (flatten && Array.isArray(value) ? (value as readonly Json[]) : [value]));
  if (!unique) return all;
  const seen = new Set<string>();
  return all.filter((value) => {
    const text = canonical(value);
    return !seen.has(text) && seen.add(text);
  });
}

/** The name of a group. */
export function keyOf(value: Json, { item }: Item): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return fail('value_invalid', `"group.by" gives item ${JSON.stringify(item)} a key that is no text or number`, {
    details: { item, pointer: '' },
  });
}
