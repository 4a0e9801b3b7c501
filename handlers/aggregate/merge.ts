import { fail, type Json, type JsonObject } from '../guest/index.ts';
import { canonical } from './canonical.ts';
import { pointerBelow } from './pointer.ts';
import type { Item, Label, MergeConfig } from './types.ts';

/** A merged field: one value, or with `collect` all that differ; or, merged deeply, an object's fields. */
type Field = readonly Json[] | Fields;
type Fields = Map<string, Field>;

/** One object with the fields of all; nulls add nothing. */
export function merge(items: readonly Item[], config: MergeConfig): Json {
  const merged: Fields = new Map();
  for (const { item, value } of items) {
    if (value === null) continue;
    if (!isObject(value)) {
      fail('value_invalid', `item ${JSON.stringify(item)} is no object; "merge" takes objects only`, {
        details: { item, pointer: '' },
      });
    }
    add(merged, value, config, { item, pointer: '' });
  }
  return plainFields(merged);
}

interface Place {
  readonly item: Label;
  readonly pointer: string;
}

function add(into: Fields, object: JsonObject, config: MergeConfig, place: Place): void {
  for (const [name, value] of Object.entries(object)) {
    const present = into.get(name);
    const pointer = pointerBelow(place.pointer, name);
    if (present === undefined) into.set(name, field(value, config));
    else if (present instanceof Map && isObject(value)) add(present, value, config, { ...place, pointer });
    else into.set(name, settle(present, value, config, { ...place, pointer }));
  }
}

function field(value: Json, config: MergeConfig): Field {
  if (config.depth === 'shallow' || !isObject(value)) return [value];
  return new Map(Object.entries(value).map(([name, inner]) => [name, field(inner, config)]));
}

function settle(present: Field, value: Json, config: MergeConfig, { item, pointer }: Place): Field {
  const values = present instanceof Map ? [plainFields(present)] : present;
  const text = canonical(value);
  if (values.some((each) => canonical(each) === text)) return present;
  switch (config.on_conflict) {
    case 'first':
      return present;
    case 'last':
      return field(value, config);
    case 'collect':
      return [...values, value];
    case 'fail':
      return fail('merge_conflict', `item ${JSON.stringify(item)} has another value at "${pointer}" than one before`, {
        details: { item, pointer },
      });
  }
}

function plainFields(fields: Fields): JsonObject {
  return Object.fromEntries(Array.from(fields, ([name, value]) => [name, plain(value)]));
}

function plain(value: Field): Json {
  if (value instanceof Map) return plainFields(value);
  return value.length === 1 ? value[0]! : value;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
