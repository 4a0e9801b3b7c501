import { Ajv2020 } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import fc from 'fast-check';
import { anySchema, anySmallValue } from '../../testing/arbitrary_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Json, JsonObject } from '../json.ts';
import { createSchemaCompiler, type SchemaCompilerOptions } from './compile.ts';

const test = suite('schema compiler');

/** What a schema says of a value; fails the test when the schema is refused. */
function check(schema: Json, value: Json, options: SchemaCompilerOptions = {}) {
  const compiled = createSchemaCompiler(options).compile(schema);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.check(value);
}

function refusal(schema: Json, options: SchemaCompilerOptions = {}) {
  const compiled = createSchemaCompiler(options).compile(schema);
  return compiled.ok ? [] : compiled.problems;
}

const nested = (depth: number): Json => {
  let value: Json = {};
  for (let i = 0; i < depth; i++) value = { c: value };
  return value;
};

test('finds every problem of a value at once', () => {
  const schema = {
    type: 'object',
    required: ['url', 'id'],
    properties: { url: { type: 'string' }, id: true, timeout_ms: { type: 'integer', minimum: 1 } },
    additionalProperties: false,
  };
  assert.equal(
    check(schema, { ulr: 1, url: 2, timeout_ms: 0 })
      .map(({ pointer, keyword }) => `${pointer} ${keyword}`)
      .sort(),
    [' required', '/timeout_ms minimum', '/ulr additionalProperties', '/url type'],
  );
  assert.equal(check(schema, { url: 'x', id: 1 }), []);
});

test('reports at most a hundred problems', () => {
  assert.is(check({ items: { type: 'string' } }, Array(5_000).fill(1)).length, 100);
});

test('refuses what the guard refuses, and schemas that contradict themselves', () => {
  assert.is(refusal({ $ref: 'http://x' })[0]?.pointer, '/$ref');
  assert.match(refusal({ if: true })[0]!.message, '"if" without "then" and "else" is ignored');
});

test('annotations of any name mean nothing to a value, and no property is mistaken for one', () => {
  const schema = {
    $id: 'https://example.com/a',
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    'x-weft-literal': true,
    properties: { 'x-y': { type: 'string', 'x-weft-secret': true } },
  };
  assert.equal(check(schema, { 'x-y': 'a' }), []);
  assert.is(check(schema, { 'x-y': 1 }).length, 1);
});

test('leaves the schema it was given as it was', () => {
  const text = JSON.stringify({ $id: 'x', 'x-a': 1, $ref: '#/$defs/a', $defs: { a: { 'x-b': 2 } } });
  const schema = JSON.parse(text) as Json;
  check(schema, 1);
  assert.is(JSON.stringify(schema), text);
});

test('gives every pattern to the engine, and says which one it refused', () => {
  const seen: string[] = [];
  const regexEngine = (pattern: string) => {
    seen.push(pattern);
    if (pattern === 'bad') throw new Error('no lookaround');
    // Without a text of its own, as an engine's objects may be.
    return { test: (text: string) => text.includes(pattern) };
  };
  const schema = {
    items: { anyOf: [{ pattern: 'aa' }, { pattern: 'bb' }] },
    patternProperties: { cc: { pattern: 'dd' } },
  };
  assert.equal(check(schema, ['xaax', 'xbbx'], { regexEngine }), []);
  assert.is(check(schema, ['xcc'], { regexEngine }).length, 1);
  assert.is(check(schema, { xcc: 'xaa' }, { regexEngine }).length, 1);
  assert.equal([...new Set(seen)].sort(), ['aa', 'bb', 'cc', 'dd']);
  assert.equal(
    refusal({ items: { pattern: 'bad' }, patternProperties: { bad: true } }, { regexEngine }).map(
      ({ pointer }) => pointer,
    ),
    ['/patternProperties/bad', '/items/pattern'],
  );
});

test('knows the formats it was given, and no others', () => {
  assert.equal(check({ format: 'date-time' }, '2026-01-01T00:00:00Z', { formats: fullFormats }), []);
  assert.is(
    check({ format: 'date-time' }, 'tomorrow', { formats: fullFormats })[0]?.message,
    'must be a valid date-time',
  );
  const [problem] = refusal({ format: 'datetime' }, { formats: fullFormats });
  assert.is(problem?.suggestion, 'did you mean "date-time"?');
  assert.is(refusal({ format: 'constructor' }).length, 1);
});

test('sees own properties only', () => {
  assert.is(check({ required: ['constructor', 'toString'] }, {}).length, 2);
  assert.equal(check({ properties: { constructor: { type: 'string' } } }, {}), []);
});

test('finds repeated items without comparing every pair', () => {
  const items = Array.from({ length: 100_000 }, (_, id) => ({ id }));
  assert.equal(check({ uniqueItems: true }, items), []);
  const [problem] = check({ uniqueItems: true }, [{ a: 1, b: [] }, 1, { b: [], a: 1 }]);
  assert.match(problem!.message, 'item 2 equals item 0');
});

test('multiples of decimal fractions are what people expect', () => {
  assert.equal(check({ multipleOf: 0.01 }, 19.99), []);
  assert.is(check({ multipleOf: 0.01 }, 19.999).length, 1);
});

test('gives up on values that a recursive schema cannot be held against', () => {
  const chain = { $ref: '#/$defs/n', $defs: { n: { type: 'object', properties: { c: { $ref: '#/$defs/n' } } } } };
  assert.equal(check(chain, nested(500)), []);
  assert.match(check(chain, nested(100_000))[0]!.message, 'nested too deeply');
  const fork = { properties: { c: { $ref: '#/$defs/n' } } };
  // The work doubles with each level.
  const doubling = { $ref: '#/$defs/n', $defs: { n: { allOf: [fork, fork] } } };
  assert.equal(check(doubling, nested(10)), []);
  assert.match(check(doubling, nested(60))[0]!.message, 'takes too long');
});

test('gives up on schemas whose references go too deep', () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 1_500 }, (_, i) => [`d${i}`, i === 1_499 ? true : { $ref: `#/$defs/d${i + 1}` }]),
  );
  const compiled = createSchemaCompiler().compile({ $ref: '#/$defs/d0', $defs: definitions } as Json);
  // How deep is too deep depends on the stack; a clear answer does not.
  if (compiled.ok) assert.equal(compiled.check(1), []);
  else assert.match(compiled.problems[0]!.message, 'references go too deep');
});

test('compiles equal schemas once, and forgets those unused for longest', () => {
  const compiler = createSchemaCompiler({ cache_max: 2 });
  const schema = (minLength: number): JsonObject => ({ type: 'string', minLength });
  const first = compiler.compile(schema(1));
  assert.is(compiler.compile({ minLength: 1, type: 'string' }), first);
  compiler.compile(schema(2));
  assert.is(compiler.compile(schema(1)), first);
  compiler.compile(schema(3));
  assert.is(compiler.compile(schema(1)), first);
  compiler.compile(schema(2));
  compiler.compile(schema(3));
  assert.is.not(compiler.compile(schema(1)), first);
});

test('accepts exactly what ajv accepts', () => {
  const compiler = createSchemaCompiler();
  const values = fc.array(anySmallValue, { minLength: 10, maxLength: 10 });
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(anySchema, values, (schema, values) => {
      const compiled = compiler.compile(schema);
      if (!compiled.ok) return;
      const ajv = new Ajv2020({ strict: false, allErrors: true, meta: false, validateSchema: false });
      const validate = ajv.compile(schema);
      for (const value of values) {
        const problems = compiled.check(value);
        // ajv's own code throws on some schemas; then nothing is accepted.
        if (problems[0]?.keyword === '$schema') continue;
        seen[problems.length === 0 ? 'accepted' : 'refused']++;
        assert.is(problems.length === 0, validate(value), JSON.stringify(value));
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(Math.min(seen.accepted, seen.refused) > 1000, JSON.stringify(seen));
});
