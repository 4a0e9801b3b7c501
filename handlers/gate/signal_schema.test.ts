import type { Json } from '../../kernel/json.ts';
import { createSchemaCompiler } from '../../kernel/schema/compile.ts';
import { assert, suite } from '../../testing/suite.ts';
import { signalSchema } from './signal_schema.ts';
import type { GateConfig } from './types.ts';

const test = suite('signals of a gate');

function problems(config: Partial<GateConfig>, data: Json): string[] {
  const compiled = createSchemaCompiler().compile(signalSchema({ comment_required: 'never', ...config }));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.check(data).map(({ pointer, message }) => `${pointer} ${message}`);
}

test('the smallest decision is enough, anything else is named', () => {
  assert.equal(problems({}, { decision: 'approve' }), []);
  assert.equal(problems({}, { decision: 'reject', comment: 'no', data: [1] }), []);
  assert.is(problems({}, { decision: 'maybe' }).length, 1);
  assert.is(problems({}, {}).length, 1);
  assert.is(problems({}, { decision: 'approve', because: 'x' }).length, 1);
  assert.is(problems({}, { decision: 'approve', comment: 'x'.repeat(4001) }).length, 1);
});

test('a comment is asked for where the config asks for one', () => {
  assert.equal(problems({ comment_required: 'reject' }, { decision: 'approve' }), []);
  assert.is(problems({ comment_required: 'reject' }, { decision: 'reject' }).length, 1);
  assert.is(problems({ comment_required: 'reject' }, { decision: 'reject', comment: '' }).length, 1);
  assert.is(problems({ comment_required: 'always' }, { decision: 'approve' }).length, 1);
});

test('an approval carries the data, a rejection may leave it out', () => {
  const data_schema = { type: 'object', required: ['sum'], properties: { sum: { type: 'number' } } };
  assert.equal(problems({ data_schema }, { decision: 'approve', data: { sum: 1 } }), []);
  assert.equal(problems({ data_schema }, { decision: 'reject' }), []);
  assert.is(problems({ data_schema }, { decision: 'approve' }).length, 1);
  assert.is(problems({ data_schema }, { decision: 'approve', data: {} }).length, 1);
  assert.is(problems({ data_schema }, { decision: 'reject', data: { sum: 'x' } }).length, 1);
});

test("a data schema's references into itself still lead there", () => {
  const data_schema = {
    $id: 'https://example.com/tree',
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: { leaf: { type: 'integer' } },
    type: 'object',
    properties: {
      leaf: { $ref: '#/$defs/leaf' },
      branches: { type: 'array', items: { $ref: '#' } },
      default: { $ref: '#/$defs/leaf' },
      kind: { enum: [{ $ref: '#/nowhere' }] },
    },
  };
  const approve = (data: Json) => problems({ data_schema }, { decision: 'approve', data });
  assert.equal(approve({ branches: [{ branches: [{ leaf: 1 }], default: 2, kind: { $ref: '#/nowhere' } }] }), []);
  assert.is(approve({ branches: [{ branches: [{ leaf: 'x' }] }] }).length, 1);
  assert.is(approve({ default: 'x' }).length, 1);
});

test('a schema that is true or false is one too', () => {
  assert.equal(problems({ data_schema: true }, { decision: 'approve', data: null }), []);
  assert.is(problems({ data_schema: false }, { decision: 'approve', data: null }).length, 1);
});
