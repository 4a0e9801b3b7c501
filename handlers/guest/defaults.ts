import type { Json, JsonObject } from './json.ts';

/**
 * The value with the `default`s that its schema declares under `properties` and `items` filled in, so that what a
 * capability documents is what its handler does. Absent objects are not made up; the value is not changed in place.
 */
export function fillDefaults(schema: Json, value: Json): Json {
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) {
    const items = schema['items'];
    return items === undefined ? value : value.map((item: Json) => fillDefaults(items, item));
  }
  const properties = schema['properties'];
  if (!isObject(value) || !isObject(properties)) return value;
  const filled: Record<string, Json> = { ...value };
  for (const [name, property] of Object.entries(properties)) {
    const present = Object.hasOwn(value, name) ? value[name] : isObject(property) ? property['default'] : undefined;
    if (present !== undefined) filled[name] = fillDefaults(property, present);
  }
  return filled;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
