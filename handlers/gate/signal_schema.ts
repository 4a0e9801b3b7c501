import type { Json, JsonObject } from '../guest/index.ts';
import type { GateConfig } from './types.ts';

const COMMENT_LENGTH_MAX = 4000;

/** Keywords that hold named schemas, and those that hold plain values: a `$ref` in the latter is data. */
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);
const VALUES = new Set(['const', 'enum', 'default', 'examples', 'required', 'dependentRequired']);

/** The JSON Schema that the data of a signal to a gate must meet: `{decision, comment?, data?}`. */
export function signalSchema(config: Pick<GateConfig, 'data_schema' | 'comment_required'>): JsonObject {
  const { data_schema, comment_required } = config;
  const needs = (decision: string, field: string) => ({
    if: { properties: { decision: { const: decision } } },
    then: { properties: { [field]: true }, required: [field] },
  });
  const conditions = [
    ...(data_schema === undefined ? [] : [needs('approve', 'data')]),
    ...(comment_required === 'reject' ? [needs('reject', 'comment')] : []),
  ];
  return {
    type: 'object',
    required: comment_required === 'always' ? ['decision', 'comment'] : ['decision'],
    additionalProperties: false,
    properties: {
      decision: { enum: ['approve', 'reject'], description: 'What is decided.' },
      comment: { type: 'string', description: 'Why.', minLength: 1, maxLength: COMMENT_LENGTH_MAX },
      data: data_schema === undefined ? true : embedded(data_schema, '/properties/data'),
    },
    ...(conditions.length === 0 ? {} : { allOf: conditions }),
  };
}

/** A schema as a part of another one: its references into itself lead where it now stands, its names are dropped. */
function embedded(schema: Json, pointer: string): Json {
  if (!isObject(schema)) return schema;
  const { $id: _, $schema: __, ...rest } = schema;
  return relocate(rest, pointer);
}

function relocate(schema: Json, pointer: string): Json {
  if (Array.isArray(schema)) return schema.map((member) => relocate(member, pointer));
  if (!isObject(schema)) return schema;
  return mapValues(schema, (value, keyword) => {
    if (keyword === '$ref' && typeof value === 'string') return value.replace(/^#/, `#${pointer}`);
    if (VALUES.has(keyword) || keyword.startsWith('x-')) return value;
    if (MAPS.has(keyword) && isObject(value)) return mapValues(value, (member) => relocate(member, pointer));
    return relocate(value, pointer);
  });
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
