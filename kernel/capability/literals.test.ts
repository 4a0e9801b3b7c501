import { assert, suite } from '../../testing/suite.ts';
import type { JsonObject } from '../json.ts';
import { configMarks } from './literals.ts';

const test = suite('marks of a config schema');

const literal = { type: 'string', 'x-weft-literal': true };
const secret = { type: 'string', 'x-weft-secret': true };

/** Paths as text: numbers are indexes. */
function marks(schema: JsonObject, paths: readonly string[]) {
  const { literalAt, secretAt } = configMarks(schema);
  return paths.map((text) => {
    const path = text === '' ? [] : text.split('/').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    return `${text}${literalAt(path) ? ' literal' : ''}${secretAt(path) ? ' secret' : ''}`;
  });
}

test('finds marks through properties, items and maps', () => {
  const schema = {
    properties: { expression: literal, auth: { properties: { token: secret } }, url: { type: 'string' } },
    additionalProperties: { prefixItems: [{}, literal], items: { patternProperties: { '^h': secret } } },
  };
  const expected = [
    '',
    'expression literal',
    'url',
    'auth',
    'auth/token secret',
    'auth/user',
    'other/0',
    'other/1 literal',
    'other/2/header secret',
    'other/key',
    'constructor',
  ];
  assert.equal(
    marks(
      schema,
      expected.map((line) => line.split(' ')[0]!),
    ),
    expected,
  );
});

test('finds marks through alternatives, conditions and references, recursive ones included', () => {
  const schema = {
    $ref: '#/$defs/rule',
    $defs: {
      rule: {
        anyOf: [{ properties: { when: literal } }, { oneOf: [{ properties: { token: secret } }] }],
        properties: { rules: { type: 'array', items: { $ref: '#/$defs/rule' } } },
        if: { properties: { kind: { const: 'script' } } },
        then: { properties: { script: literal } },
        dependentSchemas: { kind: { properties: { body: literal } } },
      },
    },
  };
  const expected = [
    'when literal',
    'token secret',
    'rules/0/when literal',
    'rules/0/rules/3/script literal',
    'body literal',
    'kind',
  ];
  assert.equal(
    marks(
      schema,
      expected.map((line) => line.split(' ')[0]!),
    ),
    expected,
  );
});

test('what lies in a marked value is marked', () => {
  const schema = { properties: { schema: { 'x-weft-literal': true }, headers: { 'x-weft-secret': true } } };
  assert.equal(marks(schema, ['schema/properties/0', 'headers/any', 'other']), [
    'schema/properties/0 literal',
    'headers/any secret',
    'other',
  ]);
  assert.equal(marks({ 'x-weft-literal': true }, ['', 'a']), [' literal', 'a literal']);
});

test('only true marks', () => {
  assert.equal(marks({ properties: { a: { 'x-weft-literal': false } } }, ['a']), ['a']);
});
