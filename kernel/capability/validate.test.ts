import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import type { Json, JsonObject } from '../json.ts';
import { createSchemaCompiler } from '../schema/compile.ts';
import { validateCapability } from './validate.ts';

const test = suite('capability validation');

const compiler = createSchemaCompiler();

/** The smallest capability, and what is added to it. */
const capability = (more: JsonObject = {}): JsonObject => ({
  name: 'echo',
  version: '1.2.3',
  title: 'Echo',
  description: 'Gives back what it gets.',
  category: 'data',
  configSchema: { type: 'object' },
  inputSchema: { type: 'object' },
  outputSchema: {},
  ...more,
});

/** `pointer message` of each problem; empty when it is valid. */
function refusals(value: Json): string[] {
  const validated = validateCapability(value, compiler);
  return validated.ok ? [] : validated.problems.map(({ pointer, message }) => `${pointer} ${message}`);
}

test('fills in defaults, pessimistic ones for effects', () => {
  const validated = validateCapability(capability({ annotations: { readOnlyHint: true } }), compiler);
  assert.ok(validated.ok);
  if (!validated.ok) return;
  const { annotations, errors, imports, resources, composition } = validated.capability;
  assert.equal(annotations, { readOnlyHint: true, destructiveHint: true, idempotentHint: false, openWorldHint: true });
  assert.equal([errors, imports, composition], [[], [], { usedWith: [], examples: [] }]);
  assert.equal(resources, { network: false, typicalLatencyMs: 100, memoryMb: 64, costPerCallUsd: 0 });
});

test('keeps what was authored', () => {
  const authored = capability({
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    errors: [{ code: 'no_answer', retryable: true, description: 'Nobody answered.' }],
    imports: ['weft:http/client@1.0.0'],
    resources: { network: true, typicalLatencyMs: 5, memoryMb: 1, costPerCallUsd: 0.1 },
    composition: { usedWith: ['transform'], examples: [] },
  });
  const validated = validateCapability(authored, compiler);
  assert.equal(validated.ok && validated.capability, authored);
});

test('reports every wrong field and every wrong schema at once', () => {
  const value = capability({
    name: 'Echo',
    version: '1.2',
    extra: 1,
    configSchema: { type: 'object', properties: { a: { type: 'strng' }, b: { $ref: 'http://x' } } },
    inputSchema: { type: 'array' },
    outputSchema: { pattern: '(' },
    imports: ['http'],
  });
  const { title, ...untitled } = value;
  assert.equal(
    refusals(untitled)
      .map((line) => line.slice(0, line.indexOf(' ')))
      .sort(),
    [
      '',
      '/configSchema/properties/a/type',
      '/configSchema/properties/b/$ref',
      '/extra',
      '/imports/0',
      '/inputSchema/type',
      '/name',
      '/outputSchema/pattern',
      '/version',
    ],
  );
});

test('refuses marks that would be overlooked', () => {
  const configSchema = { type: 'object', properties: { a: { 'x-weft-secret': 'yes' } } };
  assert.equal(refusals(capability({ configSchema })), [
    '/configSchema/properties/a/x-weft-secret must be true; leave it out otherwise',
  ]);
});

test('refuses contradictions between fields', () => {
  const error = { code: 'x', retryable: true, description: 'X.' };
  assert.equal(
    refusals(
      capability({ errors: [error, error], imports: ['weft:http/client@1.0.0'], resources: { network: false } }),
    ),
    [
      '/errors/1/code the code "x" is declared twice',
      '/resources/network is false, but the component imports weft:http/client@1.0.0',
    ],
  );
  const reaching = validateCapability(capability({ imports: ['weft:http/client@1.0.0'] }), compiler);
  assert.is(reaching.ok && reaching.capability.resources.network, true);
});

const schemas = {
  configSchema: {
    type: 'object',
    properties: {
      limit: { type: 'integer' },
      expression: { type: 'string', 'x-weft-literal': true, maxLength: 10 },
      token: { type: 'string', 'x-weft-secret': true },
      url: { type: 'string' },
    },
    additionalProperties: false,
  },
  inputSchema: { type: 'object', required: ['order'] },
  outputSchema: { type: 'object', required: ['total'] },
};

const withExample = (example: JsonObject) =>
  capability({
    ...schemas,
    composition: { examples: [{ title: 'One', config: {}, inputs: { order: 1 }, ...example }] },
  });

test('checks examples against the schemas', () => {
  assert.equal(refusals(withExample({ result: { total: 1 } })), []);
  assert.equal(refusals(withExample({ config: { limit: 'x' }, inputs: {}, result: {} })), [
    '/composition/examples/0/config/limit must be integer, but is string',
    '/composition/examples/0/inputs is missing the key "order"',
    '/composition/examples/0/result is missing the key "total"',
  ]);
});

test('in examples, values that references will fill in are not checked, but the references are', () => {
  const config = {
    limit: '${task.context.limit}',
    token: '${secrets.TOKEN}',
    expression: '${not one',
    url: 'x/${task.id}',
  };
  assert.equal(refusals(withExample({ config, inputs: { order: '${steps.fetch.result}' } })), []);
  assert.equal(refusals(withExample({ config: { url: '${task.idd}', limit: '${secrets.TOKEN}' } })), [
    '/composition/examples/0/config/url not a reference at column 8: expected task.context… or task.id, got "idd"',
    '/composition/examples/0/config/limit the schema does not mark this place with "x-weft-secret"',
  ]);
  assert.equal(refusals(withExample({ config: { expression: '${task.context.limit}' } })), [
    '/composition/examples/0/config/expression must have at most 10 characters',
  ]);
});

test('answers on any JSON', () => {
  let deep: Json = {};
  for (let i = 0; i < 20_000; i++) deep = { configSchema: deep };
  assert.match(refusals(deep)[0]!, 'levels deep');
  assert.match(refusals(capability(JSON.parse('{"__proto__": 1}')))[0]!, 'the key "__proto__" is not allowed');
  const field = fc.constantFrom(...Object.keys(capability()), 'errors', 'imports', 'resources', 'composition');
  fc.assert(
    fc.property(field, fc.jsonValue(), (name, value) => {
      validateCapability(capability({ [name]: value as Json }), compiler);
      validateCapability(value as Json, compiler);
    }),
    { numRuns: 300 },
  );
});
