import fc from 'fast-check';
import { hostSchemaCompiler } from '../../../host/schemas.ts';
import { FRAGMENT_SCHEMA } from '../../../kernel/fragment/schema.ts';
import type { Json, JsonObject } from '../../../kernel/index.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { lowering } from './lowering.ts';

const test = suite('lowering');

const compiler = hostSchemaCompiler();
const fragment = lowering(FRAGMENT_SCHEMA as unknown as JsonObject);

// `-0` is no JSON: its text is `0`.
const anyJson = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const anyMap = fc.dictionary(fc.string(), anyJson).map((map) => JSON.parse(JSON.stringify(map)) as JsonObject);
const optional = { requiredKeys: ['name', 'reasoning', 'handler'] as ('name' | 'reasoning' | 'handler')[] };
const anyStep = fc.record(
  {
    name: fc.stringMatching(/^[a-z]{1,8}$/),
    reasoning: fc.string({ minLength: 1 }),
    type: fc.constantFrom('standard', 'decision', 'planning'),
    title: fc.string({ minLength: 1 }),
    handler: fc.record({ catalog: fc.constant('transform'), config: anyMap }, { requiredKeys: ['catalog'] }),
    inputs: anyMap,
    dependencies: fc.array(fc.stringMatching(/^[a-z]{1,8}$/)),
    retry: fc.record({ max_attempts: fc.integer({ min: 1, max: 5 }), jitter: fc.constant(0.5) }, { requiredKeys: [] }),
    timeout_ms: fc.integer({ min: 1, max: 1000 }),
    on_failure: fc.constantFrom('block', 'continue'),
    max_items: fc.integer({ min: 1, max: 9 }),
  },
  optional,
);
const anyFragment = fc.record(
  {
    fragment_version: fc.constant('1.0'),
    planning_context: fc.record(
      { goal: fc.string(), reasoning: fc.string(), estimated_steps: fc.nat() },
      { requiredKeys: ['goal', 'reasoning'] },
    ),
    steps: fc.array(anyStep, { maxLength: 4 }),
    convergence: fc.record({ exit_step: fc.string() }),
    resource_bounds: fc.record({ max_steps: fc.nat(), max_cost_usd: fc.constant(0.25) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['fragment_version', 'planning_context', 'steps', 'convergence'] },
);

test('raises what it lowered', () => {
  fc.assert(
    fc.property(anyFragment, (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as Json;
      assert.equal(fragment.raise(fragment.lower(plain)), plain);
    }),
  );
});

test('lowers to what meets the lowered schema', () => {
  const compiled = compiler.compile(fragment.schema);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  fc.assert(
    fc.property(anyFragment, (value) => {
      const problems = compiled.ok ? compiled.check(fragment.lower(JSON.parse(JSON.stringify(value)) as Json)) : [];
      assert.equal(problems, []);
    }),
  );
});

test('raises anything at all without throwing', () => {
  fc.assert(fc.property(anyJson, (value) => void fragment.raise(value)));
});

test('leaves what was never lowered as it is', () => {
  const step = {
    name: 'a',
    reasoning: 'r',
    handler: { catalog: 'transform', config: { x: [1] } },
    inputs: { y: null },
  };
  const plain = { fragment_version: '1.0', planning_context: { goal: 'g', reasoning: 'r' }, steps: [step] };
  assert.equal(fragment.raise(plain as unknown as Json), plain);
});

test('a schema that is lowered is strict all the way down', () => {
  const loose: string[] = [];
  const allowed = new Set([
    'type',
    'description',
    'properties',
    'required',
    'additionalProperties',
    'items',
    'enum',
    'anyOf',
  ]);
  const visit = (schema: JsonObject, at: string): void => {
    loose.push(
      ...Object.keys(schema)
        .filter((keyword) => !allowed.has(keyword))
        .map((keyword) => `${at}: ${keyword}`),
    );
    const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>;
    if (schema['type'] === 'object') {
      assert.is(schema['additionalProperties'], false, at);
      assert.equal(schema['required'], Object.keys(properties), at);
    }
    for (const [name, own] of Object.entries(properties)) visit(own, `${at}/${name}`);
    if (schema['items'] !== undefined) visit(schema['items'] as JsonObject, `${at}/items`);
    for (const [index, own] of ((schema['anyOf'] ?? []) as readonly JsonObject[]).entries())
      visit(own, `${at}/${index}`);
  };
  visit(fragment.schema, '');
  assert.equal(loose, []);
  // Providers allow so many keys that may be null.
  assert.ok(JSON.stringify(fragment.schema).split('"anyOf"').length - 1 <= 16);
});

test('takes a text without quotes for a text, and refuses a name that is there twice', () => {
  const map = lowering({ type: 'object' });
  const pair = (name: string, value: string) => ({ name, value });
  assert.equal(map.raise([pair('url', 'https://a.test'), pair('n', '5'), pair('s', '"5"')]), {
    url: 'https://a.test',
    n: 5,
    s: '5',
  });
  const twice = [pair('n', '1'), pair('n', '2')];
  assert.equal(map.raise(twice), twice);
});

test('keeps names that objects have of themselves', () => {
  const map = lowering({ type: 'object' });
  const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Json;
  assert.is(JSON.stringify(map.raise(map.lower(value))), JSON.stringify(value));
});

test('says bounds where the strict schema cannot have them', () => {
  const { schema } = lowering({ type: 'integer', minimum: 1, maximum: 5, description: 'How many.' });
  assert.equal(schema, { type: 'integer', description: 'How many. (minimum 1, maximum 5)' });
});

test('writes what recurs, and what may be of several forms, as JSON text', () => {
  const tree: JsonObject = {
    type: 'object',
    required: ['children', 'label'],
    additionalProperties: false,
    properties: { children: { type: 'array', items: { $ref: '#' } }, label: { type: ['string', 'null'] } },
  };
  const { lower, raise } = lowering(tree);
  const value: Json = { label: null, children: [{ label: 'x', children: [] }] };
  assert.equal(lower(value), { label: 'null', children: ['{"label":"x","children":[]}'] });
  assert.equal(raise(lower(value)), value);
});
