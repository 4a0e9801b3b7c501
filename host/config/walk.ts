import { resolve } from 'node:path';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { PATH } from './schema/describe.ts';

/** A key that is no section: what an environment variable can set. */
export interface Leaf {
  readonly path: readonly string[];
  readonly schema: JsonObject;
}

/** The keys of a section, in order. */
export function propertiesOf(schema: JsonObject): readonly (readonly [key: string, schema: JsonObject])[] {
  return Object.entries((schema['properties'] ?? {}) as Record<string, JsonObject>);
}

/** Every leaf below a section, in order. */
export function leavesOf(schema: JsonObject, path: readonly string[] = []): readonly Leaf[] {
  return propertiesOf(schema).flatMap(([key, own]) =>
    isSection(own) ? leavesOf(own, [...path, key]) : [{ path: [...path, key], schema: own }],
  );
}

/** Whether a schema is a section, whose keys have defaults of their own. */
export function isSection(schema: JsonObject): boolean {
  return schema['properties'] !== undefined && schema['default'] === undefined;
}

/** The value of a section with the schema's defaults where it says nothing. */
export function withDefaults(schema: JsonObject, value: Json | undefined): Json | undefined {
  if (!isSection(schema)) return value ?? schema['default'];
  const given = (value ?? {}) as JsonObject;
  const filled = propertiesOf(schema).map(([key, own]) => [key, withDefaults(own, given[key])] as const);
  return Object.fromEntries(filled.filter(([, own]) => own !== undefined)) as JsonObject;
}

/** The value with every path in it made absolute. */
export function withPaths(schema: JsonObject, value: Json, base: string): Json {
  if (typeof value === 'string') return schema[PATH] === true ? resolve(base, value) : value;
  if (Array.isArray(value)) return value.map((item: Json) => withPaths(itemsOf(schema), item, base));
  if (typeof value !== 'object' || value === null) return value;
  const known = new Map(propertiesOf(schema));
  const others = schema['additionalProperties'];
  const entries = Object.entries(value as JsonObject).map(([key, own]) => {
    const of = known.get(key) ?? (typeof others === 'object' ? (others as JsonObject) : {});
    return [key, withPaths(of, own, base)] as const;
  });
  return Object.fromEntries(entries);
}

/** What a schema says of a list's items: nothing, where the list is of somebody else's making, as a plugin's options. */
function itemsOf(schema: JsonObject): JsonObject {
  return (schema['items'] ?? {}) as JsonObject;
}

/** The value with another at a path; sections on the way are made when they are missing. */
export function withValueAt(value: Json | undefined, [key, ...rest]: readonly string[], leaf: Json): Json {
  if (key === undefined) return leaf;
  const given = (value ?? {}) as JsonObject;
  return { ...given, [key]: withValueAt(given[key], rest, leaf) };
}
