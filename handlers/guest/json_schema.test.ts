import { assert, suite } from '../../testing/suite.ts';
import type { Json } from './json.ts';
import { compileSchema, PROBLEMS_MAX, SchemaError } from './json_schema.ts';

const test = suite('guest JSON Schema');

const problems = (schema: Json, value: Json) => compileSchema(schema).check(value);

test('says where and how a value does not meet its schema, all at once', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { id: {}, mode: { enum: ['a', 'b'] }, list: { items: { type: 'integer' } }, one: { const: 1 } },
    additionalProperties: false,
  };
  assert.equal(problems(schema, { mode: 'c', list: [1, 'x'], one: 2, 'a/b': 0 }), [
    { pointer: '', keyword: 'required', message: "must have required property 'id'" },
    { pointer: '', keyword: 'additionalProperties', message: 'must NOT have additional properties: "a/b"' },
    { pointer: '/mode', keyword: 'enum', message: 'must be equal to one of the allowed values: ["a","b"]' },
    { pointer: '/list/1', keyword: 'type', message: 'must be integer' },
    { pointer: '/one', keyword: 'const', message: 'must be equal to constant: 1' },
  ]);
  assert.equal(problems(schema, { id: 1, mode: 'a', list: [1], one: 1 }), []);
  assert.is(problems({ items: false }, Array(1000).fill(0)).length, PROBLEMS_MAX);
});

test('knows draft 2020-12 and the formats', () => {
  assert.equal(problems({ prefixItems: [{ const: 1 }], unevaluatedItems: false }, [1]), []);
  assert.is(problems({ $defs: { d: { format: 'date' } }, $ref: '#/$defs/d' }, '2026-02-30')[0]?.keyword, 'format');
  assert.is(problems({ multipleOf: 0.01 }, 19.99).length, 0);
  assert.is(problems({ required: ['constructor'] }, {}).length, 1, 'inherited names are no properties');
});

test('takes x- names for annotations, or for the properties that they are', () => {
  assert.equal(problems({ 'x-weft-literal': true, type: 'string' }, 'a'), []);
  const headers = { properties: { 'x-id': { type: 'string', 'x-note': 1 } }, additionalProperties: false };
  assert.equal(problems(headers, { 'x-id': 'a' }), []);
  assert.is(problems(headers, { 'x-id': 1 }).length, 1);
});

test('compiles schemas with the same $id side by side', () => {
  const [one, two] = [1, 2].map((value) => compileSchema({ $id: 'https://example.com/s', const: value }));
  assert.equal([one!.check(1).length, two!.check(1).length], [0, 1]);
});

test('refuses what is no schema, or reaches outside', () => {
  for (const schema of [
    { type: 'strng' },
    { minimun: 1 },
    { $ref: 'https://example.com/elsewhere' },
    { $ref: '#/$defs/missing' },
    { pattern: '(' },
    { format: 'colour' },
    1,
    null,
  ]) {
    assert.throws(
      () => compileSchema(schema),
      (error: unknown) => error instanceof SchemaError,
      JSON.stringify(schema),
    );
  }
});
