import type { Json, JsonObject } from '../../../kernel/json.ts';

/** The annotation of a key that holds a path: relative ones start at the folder of the file that says them. */
export const PATH = 'x-weft-path';

/** A section: keys known by name, each with defaults of its own. */
export function section(description: string, properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: 'object', description, additionalProperties: false, properties };
}

/** An object inside a list or map, which has no defaults. */
export function item(properties: Readonly<Record<string, JsonObject>>, required: readonly string[]): JsonObject {
  return { type: 'object', additionalProperties: false, required, properties };
}

/** A text. */
export function text(description: string, rest: JsonObject = {}): JsonObject {
  return { type: 'string', minLength: 1, description, ...rest };
}

/** The path of a file or folder. */
export function path(description: string, rest: JsonObject = {}): JsonObject {
  return text(description, { [PATH]: true, ...rest });
}

/** One of some texts, the first by default. */
export function oneOf(
  description: string,
  values: readonly [string, ...string[]],
  preset: string = values[0],
): JsonObject {
  return { type: 'string', enum: values, default: preset, description };
}

/** An integer within bounds. */
export function integer(description: string, minimum: number, preset: number, maximum: number): JsonObject {
  return { type: 'integer', minimum, maximum, default: preset, description };
}

/** A list, empty unless said otherwise. */
export function listOf(items: JsonObject, description: string, preset: Json = []): JsonObject {
  return { type: 'array', items, description, default: preset };
}

/** Where a value that must not stand in a config comes from: an environment variable or a file. */
export function source(description: string): JsonObject {
  return {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      env: text('The environment variable that holds it.'),
      file: path('The file that holds it; one trailing line break is dropped.'),
    },
    description,
  };
}
