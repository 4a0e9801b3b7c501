import type { Json, JsonObject } from '../json.ts';
import { KEYWORDS } from './keywords.ts';
import { pointerToken, pointerTokens } from './pointer.ts';

/** A JSON Schema: `true` accepts every value and `false` none. */
export type Schema = boolean | JsonObject;

/** Whether a value can stand where a schema is expected. */
export function isSchema(value: Json | undefined): value is Schema {
  return typeof value === 'boolean' || isObject(value);
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A schema inside another and the keyword that holds it. */
export interface Child {
  readonly schema: Schema;
  readonly keyword: string;
  /** Relative to the schema that holds it. */
  readonly pointer: string;
}

/** The schemas that stand directly in one; whatever is no schema is passed over. `$ref` is not followed. */
export function children(schema: JsonObject): Child[] {
  return childrenUnder(schema, Object.keys(schema));
}

/** Those of `children` that see the same value as the schema they stand in. */
export function inPlaceChildren(schema: JsonObject): Child[] {
  return childrenUnder(schema, IN_PLACE);
}

const IN_PLACE = Object.keys(KEYWORDS).filter((keyword) => KEYWORDS[keyword]!.in_place);

function childrenUnder(schema: JsonObject, keywords: readonly string[]): Child[] {
  const found: Child[] = [];
  const add = (value: Json | undefined, keyword: string, pointer: string) => {
    if (isSchema(value)) found.push({ schema: value, keyword, pointer });
  };
  for (const keyword of keywords) {
    const value = schema[keyword];
    if (typeof value !== 'object' && typeof value !== 'boolean') continue;
    const form = keywordOf(keyword)?.form;
    const at = `/${pointerToken(keyword)}`;
    if (form === 'schema') add(value, keyword, at);
    else if (form === 'schemas' && Array.isArray(value)) {
      for (const [index, item] of value.entries()) add(item, keyword, `${at}/${index}`);
    } else if (form === 'schema_map' && isObject(value)) {
      for (const [name, item] of Object.entries(value)) add(item, keyword, `${at}/${pointerToken(name)}`);
    }
  }
  return found;
}

/**
 * Every schema in a document, itself first, by JSON pointer; in document order and without recursion.
 *
 * Not json-schema-traverse, which recurses and knows neither `prefixItems` nor `dependentSchemas`: what a guard passes
 * over is what it lets through.
 */
export function subschemas(root: Schema): Map<string, Schema> {
  const found = new Map<string, Schema>();
  const pending: [string, Schema][] = [['', root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [pointer, schema] = next;
    found.set(pointer, schema);
    if (typeof schema === 'boolean') continue;
    for (const child of children(schema).reverse()) pending.push([pointer + child.pointer, child.schema]);
  }
  return found;
}

/** The JSON pointer that a local `$ref` holds, normalized; undefined when it is not local or not a pointer. */
export function localPointer(ref: string): string | undefined {
  if (ref !== '#' && !ref.startsWith('#/')) return undefined;
  try {
    return pointerTokens(decodeURIComponent(ref.slice(1)))
      .map((token) => `/${pointerToken(token)}`)
      .join('');
  } catch {
    return undefined;
  }
}

/** The schema a local `$ref` leads to; undefined when there is none. */
export function followRef(root: Schema, ref: string): Schema | undefined {
  const pointer = localPointer(ref);
  if (pointer === undefined) return undefined;
  let at: Json | undefined = root;
  for (const token of pointerTokens(pointer)) {
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, token) ? (at as JsonObject)[token] : undefined;
  }
  return isSchema(at) ? at : undefined;
}

/** A keyword's entry in the table; undefined for unknown ones, whatever they are called. */
export function keywordOf(keyword: string): (typeof KEYWORDS)[string] | undefined {
  return Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
}
