import fc from 'fast-check';
import type { Json, JsonObject } from '../kernel/json.ts';

const key = fc.constantFrom('a', 'b', 'c');
const scalar = fc.constantFrom<Json>(null, true, 0, 1, 1.5, 'a', 'x', '');

/** JSON values over three keys, so that the schemas of `anySchema` accept many of them. */
export const anySmallValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => {
  const depth = { maxDepth: 3, depthIdentifier: 'value' };
  const object = fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true, depthIdentifier: 'value' });
  const array = fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'value' });
  return { value: fc.oneof(depth, scalar, object, object, array) };
}).value;

const type = fc.constantFrom('object', 'object', 'array', 'array', 'string', 'number', 'integer', 'null', 'boolean');

const { schema } = fc.letrec<{ schema: Json; map: Json; list: Json }>((tie) => {
  const schema = tie('schema');
  const keyword = (name: string, value: fc.Arbitrary<unknown>) => fc.tuple(fc.constant(name), value);
  // Few keywords at once: hardly any value meets many.
  const keywords = fc.uniqueArray(
    fc.oneof(
      keyword('type', fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 }))),
      keyword('enum', fc.array(anySmallValue, { minLength: 1, maxLength: 3 })),
      keyword('const', anySmallValue),
      keyword('required', fc.uniqueArray(key, { minLength: 1, maxLength: 2 })),
      keyword('maxItems', fc.nat(2)),
      keyword(
        'patternProperties',
        fc.tuple(schema).map(([inner]) => ({ '^[ab]': inner })),
      ),
      keyword('propertyNames', fc.constant({ enum: ['a', 'b'] })),
      ...['properties', 'dependentSchemas', 'properties'].map((name) => keyword(name, tie('map'))),
      ...['prefixItems', 'allOf', 'anyOf', 'oneOf'].map((name) => keyword(name, tie('list'))),
      ...['additionalProperties', 'unevaluatedProperties', 'additionalProperties', 'unevaluatedProperties'].map(
        (name) => keyword(name, fc.oneof(fc.constant(false), schema)),
      ),
      ...['items', 'contains', 'unevaluatedItems', 'not', 'if', 'then', 'else'].map((name) => keyword(name, schema)),
    ),
    { selector: ([name]) => name, maxLength: 4, depthIdentifier: 'schema' },
  );
  const leaf = fc.constantFrom<Json>(true, true, false, {}, { $ref: '#/$defs/x' }, { $ref: '#/$defs/y' });
  return {
    schema: fc.oneof({ maxDepth: 4, depthIdentifier: 'schema' }, leaf, keywords.map(Object.fromEntries)),
    map: fc.dictionary(key, schema, {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
      depthIdentifier: 'schema',
    }) as fc.Arbitrary<Json>,
    list: fc.array(schema, { minLength: 1, maxLength: 2, depthIdentifier: 'schema' }),
  };
});

/**
 * Schemas over the keys of `anySmallValue`, with every applicator and with local references that may loop; many are
 * refused by the guard, which tests filter by.
 */
export const anySchema: fc.Arbitrary<JsonObject> = fc
  .record({ x: schema, y: schema, root: schema }, { noNullPrototype: true })
  .map(({ x, y, root }) => ({
    ...(typeof root === 'object' ? (root as JsonObject) : { allOf: [root] }),
    $defs: { x, y },
  }));
