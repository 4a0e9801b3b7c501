import type { Json, JsonObject } from './json.ts';

/**
 * The value with the `default`s that its schema declares under `properties` and `items` filled in, `$ref`s to
 * `#/$defs/…` followed, so that what a capability documents is what its handler does. Absent objects are not made up;
 * the value is not changed in place.
 */
export function fillDefaults(schema: Json, value: Json): Json {
  return fill(schema, value, isObject(schema) && isObject(schema['$defs']) ? schema['$defs'] : {});
}

function fill(schema: Json | undefined, value: Json, definitions: JsonObject): Json {
  if (!isObject(schema)) return value;
  const referred = fillReferred(schema['$ref'], value, definitions);
  if (Array.isArray(referred)) return referred.map((item: Json) => fill(schema['items'], item, definitions));
  const properties = schema['properties'];
  if (!isObject(referred) || !isObject(properties)) return referred;
  const filled: Record<string, Json> = { ...referred };
  for (const [name, property] of Object.entries(properties)) {
    const present = Object.hasOwn(referred, name) ? referred[name] : defaultOf(property);
    if (present !== undefined) filled[name] = fill(property, present, definitions);
  }
  return filled;
}

function fillReferred(reference: Json | undefined, value: Json, definitions: JsonObject): Json {
  return typeof reference === 'string' && reference.startsWith('#/$defs/')
    ? fill(definitions[reference.slice('#/$defs/'.length)], value, definitions)
    : value;
}

function defaultOf(schema: Json): Json | undefined {
  return isObject(schema) ? schema['default'] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
