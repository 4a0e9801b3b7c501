import type { Json, JsonObject } from '../json.ts';
import type { SchemaCompiler } from './compile.ts';
import { followRef, isObject, type Schema } from './walk.ts';

/** How values are made. */
export interface GenerateOptions {
  /** Numbers in [0, 1), as of `seededUnit`: the same numbers make the same value. */
  readonly unit: () => number;
  readonly compiler: SchemaCompiler;
}

/** A value and whether it meets its schema. */
export interface Generated {
  readonly value: Json;
  readonly valid: boolean;
}

const TRIES_MAX = 40;

/** Deeper inside, only what a schema demands is made. */
const OPTIONAL_DEPTH_MAX = 4;
const DEPTH_MAX = 24;
/** Values in one: what a schema demands beyond that is left out. */
const VALUES_MAX = 2_000;
const ITEMS_MAX = 3;

/**
 * Makes a value that meets a (guarded) schema, as far as trying finds one: bounds, alternatives, references and the
 * common formats are followed; patterns, conditions and `not` only by luck. `valid` says what it came to. Bounded.
 */
export function generateValue(schema: Schema, { unit, compiler }: GenerateOptions): Generated {
  const compiled = compiler.compile(schema as Json);
  let value: Json = null;
  if (!compiled.ok) return { value, valid: false };
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    value = new Maker(schema, unit, attempt).make(schema, 0);
    if (compiled.check(value).length === 0) return { value, valid: true };
  }
  return { value, valid: false };
}

class Maker {
  readonly #root: Schema;
  readonly #unit: () => number;
  /** Later tries leave out more of what is optional, which is easier to get right. */
  readonly #generosity: number;
  #left = VALUES_MAX;

  constructor(root: Schema, unit: () => number, attempt: number) {
    this.#root = root;
    this.#unit = unit;
    this.#generosity = Math.max(0, 0.8 - attempt * 0.05);
  }

  make(given: Schema, depth: number): Json {
    if (typeof given === 'boolean' || this.#left-- <= 0 || depth > DEPTH_MAX) return null;
    const schema = this.#flatten(given, 0);
    if (schema['const'] !== undefined) return schema['const'];
    if (Array.isArray(schema['enum']) && schema['enum'].length > 0) return this.#pick(schema['enum'] as Json[]);
    switch (this.#typeOf(schema)) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, depth);
      case 'string':
        return this.#string(schema);
      case 'integer':
        return this.#number(schema, true);
      case 'number':
        return this.#number(schema, false);
      case 'boolean':
        return this.#unit() < 0.5;
      default:
        return null;
    }
  }

  /** The schema with one of its alternatives, all of its parts and what it refers to written into it. */
  #flatten(schema: JsonObject, depth: number): JsonObject {
    if (depth > DEPTH_MAX) return schema;
    const { allOf, anyOf, oneOf, $ref, ...own } = schema;
    const parts: Schema[] = Array.isArray(allOf) ? [...(allOf as Schema[])] : [];
    for (const branches of [anyOf, oneOf]) {
      if (Array.isArray(branches) && branches.length > 0) parts.push(this.#pick(branches as Schema[]));
    }
    if (typeof $ref === 'string') parts.push(followRef(this.#root, $ref) ?? true);
    return parts.reduce<JsonObject>(
      (merged, part) => (isObject(part) ? merge(merged, this.#flatten(part, depth + 1)) : merged),
      own,
    );
  }

  #typeOf(schema: JsonObject): Json {
    const { type } = schema;
    if (typeof type === 'string') return type;
    if (Array.isArray(type) && type.length > 0) return this.#pick(type as Json[]);
    const telling = Object.keys(TYPE_OF_KEYWORD).find((keyword) => schema[keyword] !== undefined);
    return telling === undefined ? this.#pick(['string', 'integer', 'boolean', 'object']) : TYPE_OF_KEYWORD[telling]!;
  }

  #object({ properties, required, additionalProperties, minProperties }: JsonObject, depth: number): JsonObject {
    const named = isObject(properties) ? properties : {};
    const needed = new Set(Array.isArray(required) ? (required as string[]) : []);
    // Keys may have any name, and assigning to one of them would set the prototype.
    const made = new Map<string, Json>();
    const rest = additionalProperties === undefined ? true : (additionalProperties as Schema);
    for (const key of needed) {
      made.set(key, this.make((Object.hasOwn(named, key) ? named[key]! : rest) as Schema, depth + 1));
    }
    for (const [key, schema] of Object.entries(named)) {
      const wanted = depth < OPTIONAL_DEPTH_MAX && this.#unit() < this.#generosity;
      if (!needed.has(key) && wanted && schema !== false) made.set(key, this.make(schema as Schema, depth + 1));
    }
    const least = Math.min(ITEMS_MAX * 4, countOf(minProperties));
    for (let extra = 0; made.size < least && extra < least; extra++) {
      made.set(`key_${extra}`, this.make(rest, depth + 1));
    }
    return Object.fromEntries(made);
  }

  #array({ prefixItems, items, minItems, maxItems }: JsonObject, depth: number): readonly Json[] {
    const first = Array.isArray(prefixItems) ? (prefixItems as Schema[]) : [];
    const least = countOf(minItems);
    const most = Math.min(
      maxItems === undefined ? least + ITEMS_MAX : countOf(maxItems),
      least + ITEMS_MAX,
      VALUES_MAX,
    );
    const length = depth < OPTIONAL_DEPTH_MAX ? least + Math.floor(this.#unit() * (most - least + 1)) : least;
    const made: Json[] = [];
    for (let at = 0; at < length && this.#left > 0; at++) {
      made.push(this.make(first[at] ?? ((items ?? true) as Schema), depth + 1));
    }
    return made;
  }

  #string({ format, minLength, maxLength }: JsonObject): string {
    const known = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
    if (known !== undefined) return known;
    const least = Math.min(countOf(minLength), 100_000);
    const most = maxLength === undefined ? least + 12 : countOf(maxLength);
    const length = Math.max(least, Math.min(most, least + 1 + Math.floor(this.#unit() * 12)));
    let text = '';
    while (text.length < length) text += LETTERS[Math.floor(this.#unit() * LETTERS.length)];
    return text;
  }

  #number(schema: JsonObject, whole: boolean): number {
    const { multipleOf, exclusiveMinimum, exclusiveMaximum } = schema;
    const step = typeof multipleOf === 'number' ? multipleOf : whole ? 1 : 0.25;
    const below = numberOf(schema['minimum'], numberOf(exclusiveMinimum, Number.NEGATIVE_INFINITY));
    const above = numberOf(schema['maximum'], numberOf(exclusiveMaximum, Number.POSITIVE_INFINITY));
    const least = Number.isFinite(below) ? below : Math.min(0, above - 100);
    const most = Math.min(above, least + 100 * step);
    const from =
      Math.ceil(least / step) + (exclusiveMinimum !== undefined && Math.ceil(least / step) * step <= below ? 1 : 0);
    const to =
      Math.floor(most / step) - (exclusiveMaximum !== undefined && Math.floor(most / step) * step >= above ? 1 : 0);
    return (from + Math.floor(this.#unit() * Math.max(1, to - from + 1))) * step;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#unit() * items.length)]!;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** What a keyword says of the type where no other does. */
const TYPE_OF_KEYWORD: Readonly<Record<string, string>> = {
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  items: 'array',
  prefixItems: 'array',
  minItems: 'array',
  pattern: 'string',
  format: 'string',
  minLength: 'string',
  minimum: 'number',
  maximum: 'number',
};

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-02T03:04:05Z',
  date: '2026-01-02',
  time: '03:04:05Z',
  duration: 'P1D',
  email: 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/a',
  'uri-reference': '/a',
  uuid: '018f3b1c-0000-7000-8000-000000000001',
  'json-pointer': '/a',
  regex: 'a+',
};

/** Both schemas at once, as far as that can be written as one. */
function merge(a: JsonObject, b: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...a, ...b };
  if (isObject(a['properties']) && isObject(b['properties'])) {
    merged['properties'] = { ...a['properties'], ...b['properties'] };
  }
  if (Array.isArray(a['required']) && Array.isArray(b['required'])) {
    merged['required'] = [...new Set([...a['required'], ...b['required']])];
  }
  return merged;
}

const numberOf = (value: Json | undefined, otherwise: number) => (typeof value === 'number' ? value : otherwise);
const countOf = (value: Json | undefined) => Math.max(0, numberOf(value, 0));
