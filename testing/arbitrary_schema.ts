import fc from 'fast-check';
import type { Json, JsonObject } from '../kernel/json.ts';

const KEYS = ['a', 'b', 'c'];
const key = fc.constantFrom(...KEYS);
const scalar = fc.constantFrom<Json>(null, true, 0, 1, 1.5, 'a', 'x', '');

/** JSON values over three keys, so that the schemas of `anySchema` accept many of them. */
export const anySmallValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    scalar,
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true, depthIdentifier: 'value' }),
    fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'value' }),
  ),
})).value;

const type = fc.constantFrom('object', 'object', 'array', 'string', 'number', 'integer', 'null', 'boolean');

interface Schemas {
  schema: Json;
  map: JsonObject;
  keywords: JsonObject;
}

const { schema } = fc.letrec<Schemas>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'schema' },
    fc.constantFrom<Json>(true, true, false, {}, { $ref: '#/$defs/x' }, { $ref: '#/$defs/y' }),
    tie('keywords'),
  ),
  map: fc.dictionary(key, tie('schema'), { minKeys: 1, maxKeys: 3, noNullPrototype: true, depthIdentifier: 'schema' }),
  keywords: fc.record(
    {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      enum: fc.array(anySmallValue, { minLength: 1, maxLength: 3 }),
      const: anySmallValue,
      properties: tie('map'),
      patternProperties: fc.record({ '^a': tie('schema') }, { noNullPrototype: true }),
      additionalProperties: tie('schema'),
      unevaluatedProperties: tie('schema'),
      propertyNames: fc.constant({ enum: ['a', 'b'] }),
      required: fc.uniqueArray(key, { minLength: 1, maxLength: 2 }),
      dependentSchemas: tie('map'),
      prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      items: tie('schema'),
      contains: tie('schema'),
      maxItems: fc.nat(2),
      allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      not: tie('schema'),
      if: tie('schema'),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: tie('schema'),
      else: tie('schema'),
    },
    { requiredKeys: [], noNullPrototype: true },
  ) as unknown as fc.Arbitrary<JsonObject>,
}));

/** Few keywords at once: with all of them hardly any value is valid. */
function thinned(schema: Json, keep: (keyword: string) => boolean): Json {
  if (Array.isArray(schema)) return schema.map((item) => thinned(item, keep));
  return schema;
}

/** Schemas over the keys of `anySmallValue` with every applicator and local references, recursive ones included. */
export const anySchema: fc.Arbitrary<JsonObject> = fc
  .record({ x: schema, y: schema, root: schema })
  .map(({ x, y, root }) => ({
    $defs: { x, y },
    ...(typeof root === 'object' ? (root as JsonObject) : { allOf: [root] }),
  }));
