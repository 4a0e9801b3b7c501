import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { anySchema } from '../../testing/arbitrary_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Json, JsonObject } from '../json.ts';
import { guardSchema, SCHEMA_LIMITS } from './guard.ts';
import { KEYWORDS, REFUSED_KEYWORDS } from './keywords.ts';

const test = suite('schema guard');

/** Pointers and messages, for schemas that should be refused. */
function refusals(schema: Json): [string, string][] {
  return guardSchema(schema).map(({ pointer, message }) => [pointer, message]);
}

test('accepts what people write', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://example.com/order',
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'string', pattern: '^[a-z]+$', 'x-anything': { $ref: 'http://elsewhere' } },
      // Names of properties are not keywords.
      $ref: { type: 'string' },
      $dynamicRef: true,
      lines: { type: 'array', items: { $ref: '#/$defs/line~1item' }, minItems: 1 },
      // Nor are values.
      state: { enum: ['open', { $ref: 'http://elsewhere' }], default: { nullable: true } },
    },
    patternProperties: { '^x-': {} },
    additionalProperties: false,
    $defs: { 'line/item': { type: ['object', 'null'], properties: { parent: { $ref: '#/$defs/line~1item' } } } },
  };
  assert.equal(guardSchema(schema), []);
  assert.equal(guardSchema(true), []);
  assert.equal(guardSchema({ $ref: '#/$defs/a%20b', $defs: { 'a b': true } }), []);
});

test('refuses every reference that leaves the schema or leads nowhere', () => {
  for (const ref of ['http://x/y', 'file:///etc/passwd', 'other.json#/a', '#anchor', '', '#/$defs/%', '//x', '#x/y']) {
    assert.equal(refusals({ properties: { a: { $ref: ref } } }), [
      ['/properties/a/$ref', 'only references into the same schema are allowed, as "#/$defs/name"'],
    ]);
  }
  const schema = { $ref: '#/$defs/ordr', $defs: { order: { const: { type: 'string' } } } };
  assert.equal(guardSchema(schema), [
    {
      pointer: '/$ref',
      message: 'leads to no schema',
      got: '#/$defs/ordr',
      suggestion: 'did you mean "#/$defs/order"?',
    },
  ]);
  // A place that holds data is no schema, whatever it looks like.
  assert.equal(refusals({ ...schema, $ref: '#/$defs/order/const' }), [['/$ref', 'leads to no schema']]);
});

test('refuses keywords of other dialects with what to write instead, and unknown ones with the nearest', () => {
  for (const [keyword, instead] of Object.entries(REFUSED_KEYWORDS)) {
    assert.equal(guardSchema({ items: { [keyword]: true } }), [
      { pointer: `/items/${keyword}`, message: `unsupported keyword "${keyword}"`, suggestion: instead },
    ]);
  }
  assert.equal(guardSchema({ minLenght: 1 }), [
    { pointer: '/minLenght', message: 'unknown keyword "minLenght"', suggestion: 'did you mean "minLength"?' },
  ]);
  assert.equal(refusals({ constructor: 1 }), [['/constructor', 'unknown keyword "constructor"']]);
});

test('reports everything at once', () => {
  const schema = {
    type: 'strin',
    properties: { a: 1, b: { enum: [] } },
    required: ['x', 'x'],
    minLength: -1,
    multipleOf: 0,
    allOf: [],
    dependentRequired: { a: [1] },
    $schema: 'http://json-schema.org/draft-07/schema#',
    not: { $id: 'x' },
  };
  assert.equal(
    guardSchema(schema)
      .map(({ pointer }) => pointer)
      .sort(),
    [
      '/$schema',
      '/allOf',
      '/dependentRequired/a',
      '/minLength',
      '/multipleOf',
      '/not/$id',
      '/properties/a',
      '/properties/b/enum',
      '/required',
      '/type',
    ],
  );
  assert.equal(refusals('text'), [['', 'a schema is an object or a boolean']]);
});

test('refuses references that loop on one value, and only those', () => {
  const loops: JsonObject[] = [
    { $ref: '#' },
    { allOf: [{ $ref: '#' }] },
    { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ not: { $ref: '#/$defs/b' } }] }, b: { if: { $ref: '#/$defs/a' } } } },
    { properties: { p: { dependentSchemas: { k: { $ref: '#/properties/p' } } } } },
  ];
  for (const schema of loops) {
    const [[pointer, message]] = refusals(schema) as [[string, string]];
    assert.match(message, 'leads back to itself');
    assert.match(pointer, /\$ref$/);
  }
  assert.equal(guardSchema({ items: { $ref: '#' }, properties: { a: { allOf: [{ $ref: '#' }] } } }), []);
});

test('caps size, depth, branches and patterns', () => {
  const { depth_max, size_max, subschemas_max, branches_max, pattern_length_max } = SCHEMA_LIMITS;
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, true]));
  const deep = (levels: number) => {
    let schema: Json = true;
    for (let i = 0; i < levels; i++) schema = { not: schema };
    return schema;
  };
  const cases: [Json, Json, RegExp][] = [
    [deep(depth_max), deep(depth_max + 1), /levels deep/],
    [{ description: 'x'.repeat(size_max / 2) }, { description: 'x'.repeat(size_max) }, /larger than/],
    [{ properties: many(subschemas_max - 1) }, { properties: many(subschemas_max) }, /subschemas/],
    [{ anyOf: Array(branches_max).fill(true) }, { anyOf: Array(branches_max + 1).fill(true) }, /members/],
    [{ enum: Array(branches_max).fill(1) }, { enum: Array(branches_max + 1).fill(1) }, /members/],
    [{ pattern: 'x'.repeat(pattern_length_max) }, { pattern: 'x'.repeat(pattern_length_max + 1) }, /pattern has more/],
    [{}, { patternProperties: { ['x'.repeat(pattern_length_max + 1)]: true } }, /pattern has more/],
  ];
  for (const [fine, refused, message] of cases) {
    assert.equal(guardSchema(fine), []);
    assert.match(guardSchema(refused)[0]!.message, message);
  }
});

test('refuses __proto__ wherever it stands', () => {
  for (const text of ['{"__proto__": {}}', '{"properties": {"__proto__": {}}}', '{"const": [{"__proto__": 1}]}']) {
    assert.match(guardSchema(JSON.parse(text))[0]!.message, '"__proto__" is not allowed');
  }
});

test('answers on any JSON, however deep or wide', () => {
  const shells: ((inner: Json) => Json)[] = [
    (inner) => [inner],
    (inner) => ({ items: inner }),
    (inner) => ({ anyOf: [inner] }),
    (inner) => ({ properties: { a: inner } }),
    (inner) => ({ const: inner }),
  ];
  for (const shell of shells) {
    let value: Json = {};
    for (let i = 0; i < 20_000; i++) value = shell(value);
    assert.match(guardSchema(value)[0]!.message, 'levels deep');
  }
  assert.match(guardSchema({ enum: Array(1_000_000).fill(0) })[0]!.message, 'larger than');
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      guardSchema(value as Json);
    }),
  );
});

const keyword = fc.constantFrom(...Object.keys(KEYWORDS).filter((name) => name !== '$schema'));
const plausible = fc.oneof(
  fc.constantFrom<Json>(
    'string',
    'object',
    '^a',
    '#',
    -1,
    0,
    1,
    1.5,
    true,
    false,
    null,
    [],
    ['a'],
    ['a', 'a'],
    ['null'],
  ),
  fc.constantFrom<Json>(
    {},
    [{}],
    [true],
    [1],
    { a: {} },
    { a: 1 },
    { a: ['b'] },
    { a: ['b', 'b'] },
    { a: true },
    'x y',
  ),
);

test('what it accepts is valid by the meta-schema', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  let accepted = 0;
  fc.assert(
    fc.property(fc.dictionary(keyword, plausible, { maxKeys: 3, noNullPrototype: true }), (schema) => {
      if (guardSchema(schema).length > 0) return;
      accepted++;
      assert.ok(ajv.validateSchema(schema), JSON.stringify(ajv.errors));
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 200, `${accepted} accepted`);
});

test('of valid schemas it refuses only those that loop', () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      for (const { message } of guardSchema(schema)) assert.match(message, 'leads back to itself');
    }),
    { numRuns: 1000 },
  );
});
