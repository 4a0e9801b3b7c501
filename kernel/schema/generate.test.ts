import { globSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import { anySchema } from '../../testing/arbitrary_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { JsonObject } from '../json.ts';
import { generateValue } from './generate.ts';
import { seededUnit } from './seeded.ts';

const test = suite('values from schemas');

const compiler = hostSchemaCompiler();
const make = (schema: JsonObject, seed = 1) => generateValue(schema, { unit: seededUnit(seed), compiler });

test('makes results of every handler that Weft brings', () => {
  for (const file of globSync('handlers/*/capability.json')) {
    const { outputSchema } = JSON.parse(readFileSync(file, 'utf8')) as { readonly outputSchema: JsonObject };
    for (let seed = 0; seed < 30; seed++) assert.ok(make(outputSchema, seed).valid, `${file} ${seed}`);
  }
});

test('keeps to bounds, lists, alternatives, references and formats', () => {
  const schema: JsonObject = {
    type: 'object',
    required: ['id', 'tags', 'next', 'when', '__proto__'],
    additionalProperties: { type: 'boolean' },
    properties: {
      id: { type: 'integer', minimum: 7, exclusiveMaximum: 9 },
      share: { type: 'number', exclusiveMinimum: 0, maximum: 0.5 },
      tags: { type: 'array', minItems: 2, maxItems: 4, items: { enum: ['a', 'b'] } },
      next: { oneOf: [{ type: 'null' }, { $ref: '#/$defs/node' }] },
      when: { type: 'string', format: 'date-time' },
      short: { type: 'string', minLength: 2, maxLength: 3 },
    },
    $defs: {
      node: {
        type: 'object',
        required: ['next'],
        properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { const: 0 }] } },
      },
    },
  };
  for (let seed = 0; seed < 300; seed++) assert.ok(make(schema, seed).valid, `${seed}`);
});

test('gives the same value for the same seed', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } };
  assert.equal(make(schema, 5), make(schema, 5));
  assert.not.equal(make(schema, 5), make(schema, 6));
});

test('says so when it finds no value, and ends for any schema', () => {
  assert.not.ok(make({ allOf: [{ type: 'string' }, { type: 'integer' }], type: 'object' }).valid);
  assert.not.ok(make({ type: 'string', pattern: '^[0-9]{8}$' }).valid);
  const recursive = { $ref: '#/$defs/a', $defs: { a: { type: 'array', minItems: 1, items: { $ref: '#/$defs/a' } } } };
  assert.type(make(recursive).valid, 'boolean');
  fc.assert(
    fc.property(anySchema, fc.nat(), (schema, seed) => {
      const { value, valid } = make(schema, seed);
      const compiled = compiler.compile(schema);
      if (valid) assert.ok(compiled.ok && compiled.check(value).length === 0);
    }),
    { numRuns: 300 },
  );
});
