import type { Json, JsonObject } from '../../../kernel/index.ts';

/**
 * A schema as models with strict tools take it, and the way there and back. Strict schemas know closed objects with all
 * keys required, arrays, scalars and enums: no open maps, no free values, no bounds, no recursion. So
 *
 * - an open map, or an object whose keys are all optional, becomes a list of `{name, value}`;
 * - a value of any form, a union, or what recurs becomes its JSON text;
 * - an optional key is required, and null where it is absent;
 * - bounds and patterns stand in the description: the real schema decides afterwards.
 *
 * `raise(lower(value))` is `value`, for whatever meets the schema. `raise` is total: what is not in the lowered form
 * stays as it is, for the real schema to refuse or, as from a model that is not held to the strict one, to accept.
 */
export interface Lowering {
  readonly schema: JsonObject;
  lower(value: Json): Json;
  raise(value: Json): Json;
}

/** Lowers a JSON Schema 2020-12 whose `$ref`s are its own. */
export function lowering(schema: JsonObject): Lowering {
  return lowerSchema(schema, { root: schema, seen: [] });
}

interface Place {
  readonly root: JsonObject;
  /** References that were followed to get here. */
  readonly seen: readonly string[];
}

function lowerSchema(schema: Json | undefined, place: Place): Lowering {
  if (!isObject(schema)) return jsonText({});
  const { $ref: reference } = schema;
  if (typeof reference === 'string') {
    const target = place.seen.includes(reference) ? undefined : follow(place.root, reference);
    if (!isObject(target)) return jsonText(schema);
    const { $ref: _, ...beside } = schema;
    return lowerSchema({ ...target, ...beside }, { ...place, seen: [...place.seen, reference] });
  }
  const values = schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']]);
  if (Array.isArray(values)) {
    return values.every((value) => typeof value === 'string') ? enumeration(schema, values) : jsonText(schema);
  }
  switch (schema['type']) {
    case 'string':
    case 'boolean':
    case 'integer':
    case 'number':
      return { schema: described(schema, { type: schema['type'] }), lower: same, raise: same };
    case 'array':
      return list(schema, lowerSchema(schema['items'], place));
    case 'object':
      return object(schema, place);
    default:
      return jsonText(schema);
  }
}

const same = (value: Json): Json => value;

function enumeration(schema: JsonObject, values: readonly Json[]): Lowering {
  return { schema: described(schema, { type: 'string', enum: values }), lower: same, raise: same };
}

function list(schema: JsonObject, items: Lowering): Lowering {
  const each = (go: (value: Json) => Json) => (value: Json) => (Array.isArray(value) ? value.map(go) : value);
  return {
    schema: described(schema, { type: 'array', items: items.schema }),
    lower: each(items.lower),
    raise: each(items.raise),
  };
}

function object(schema: JsonObject, place: Place): Lowering {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : [];
  const closed = schema['additionalProperties'] === false && schema['patternProperties'] === undefined;
  const names = Object.keys(properties);
  if (!closed) return pairs(schema, undefined);
  if (names.length === 0 || !names.some((name) => required.includes(name))) return pairs(schema, properties);
  const keys = new Map(names.map((name) => [name, key(properties[name], required.includes(name), place)]));
  const go = (way: 'lower' | 'raise') => (value: Json) => {
    if (!isObject(value)) return value;
    const entries = Object.entries(value).flatMap(([name, own]): [string, Json][] => {
      const known = keys.get(name);
      if (known === undefined) return [[name, own]];
      // Null stands for absent, and only there.
      if (way === 'raise' && known.optional && own === null) return [];
      return [[name, known[way](own)]];
    });
    const absent = way === 'lower' ? names.filter((name) => !Object.hasOwn(value, name)) : [];
    return Object.fromEntries([...entries, ...absent.map((name): [string, Json] => [name, null])]);
  };
  const lowered = Object.fromEntries([...keys].map(([name, { schema: own }]) => [name, own]));
  return {
    schema: described(schema, { type: 'object', additionalProperties: false, required: names, properties: lowered }),
    lower: go('lower'),
    raise: go('raise'),
  };
}

function key(schema: Json | undefined, required: boolean, place: Place): Lowering & { readonly optional: boolean } {
  const lowered = lowerSchema(schema, place);
  if (required) return { ...lowered, optional: false };
  const { description, ...rest } = lowered.schema;
  const orNull = { anyOf: [rest, { type: 'null' }], ...(description === undefined ? {} : { description }) };
  return { ...lowered, schema: orNull, optional: true };
}

/** A map, as a list of names and JSON texts; `known` are the names it may have, when it may have no others. */
function pairs(schema: JsonObject, known: JsonObject | undefined): Lowering {
  const names = known === undefined ? [] : Object.keys(known);
  const name: JsonObject = names.length > 0 ? { type: 'string', enum: names } : { type: 'string' };
  const meanings = names.map((each) => `${each}: ${describe(known?.[each])}`).join('; ');
  const description = `${describe(schema)} A list of names and values, each name once${meanings && `. ${meanings}`}`;
  const value = jsonText({});
  return {
    schema: {
      type: 'array',
      description: description.trim(),
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'value'],
        properties: { name, value: value.schema },
      },
    },
    lower: (map) =>
      isObject(map) ? Object.entries(map).map(([each, own]) => ({ name: each, value: value.lower(own) })) : map,
    raise: (entries) => {
      if (!Array.isArray(entries) || !entries.every(isPair)) return entries;
      const raised = entries.map((pair): [string, Json] => [pair.name, value.raise(pair.value)]);
      // A name that is there twice means nothing: left as it is, it is refused.
      return new Set(raised.map(([each]) => each)).size === raised.length ? Object.fromEntries(raised) : entries;
    },
  };
}

function isPair(value: Json): value is { readonly name: string; readonly value: Json } {
  return isObject(value) && typeof value['name'] === 'string' && Object.hasOwn(value, 'value');
}

/** A value as its JSON text. Models forget the quotes of a plain text: what cannot be JSON is taken for one. */
function jsonText(schema: JsonObject): Lowering {
  return {
    schema: {
      type: 'string',
      description: `${describe(schema)} As JSON text: "a" with its quotes, 1, [1], {"k": 1}.`.trim(),
    },
    lower: (value) => JSON.stringify(value),
    raise: (value) => {
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value) as Json;
      } catch {
        return value;
      }
    },
  };
}

/** Keywords that a strict schema has no place for, as people read them. */
const BOUNDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'format', 'default'];

function described(schema: JsonObject, lowered: JsonObject): JsonObject {
  const description = describe(schema);
  return description === '' ? lowered : { ...lowered, description };
}

function describe(schema: Json | undefined): string {
  if (!isObject(schema)) return '';
  const { description } = schema;
  const bounds = BOUNDS.filter((keyword) => schema[keyword] !== undefined).map(
    (keyword) => `${keyword} ${JSON.stringify(schema[keyword])}`,
  );
  const said = typeof description === 'string' ? description : '';
  return bounds.length === 0 ? said : `${said} (${bounds.join(', ')})`.trim();
}

function follow(root: JsonObject, reference: string): Json | undefined {
  if (!reference.startsWith('#/')) return undefined;
  const tokens = reference
    .slice(2)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return tokens.reduce<Json | undefined>(
    (at, token) => (isObject(at) && Object.hasOwn(at, token) ? at[token] : undefined),
    root,
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
