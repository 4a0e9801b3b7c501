import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import { compileValue } from './parse.ts';
import { resolveValue } from './resolve.ts';
import { type Rewrite, rewriteReferences } from './rewrite.ts';

const test = suite('rewriting references');

const never = () => false;
const qualify: Rewrite = ({ root, path }) =>
  root.kind === 'step' && root.step === 'a' ? { root: { ...root, step: 'plan/1/a' }, path } : undefined;

test('replaces what it is told to and leaves the rest as it was written', () => {
  const value = {
    whole: '${steps.a.result.x[0]["y z"]}',
    text: '$$${steps.a.status} $${b} ${task.id}$',
    other: [1, '$'],
  };
  assert.equal(rewriteReferences(value, qualify, never), {
    whole: '${steps["plan/1/a"].result.x[0]["y z"]}',
    text: '$$${steps["plan/1/a"].status} $${b} ${task.id}$',
    other: [1, '$'],
  });
});

test('does not look into what is literal, nor into what is broken', () => {
  const value = { literal: { text: '${steps.a.result}' }, broken: '${steps.a.result} ${' };
  const literalAt = (path: readonly (string | number)[]) => path[0] === 'literal';
  assert.equal(rewriteReferences(value, qualify, literalAt), value);
});

const piece = fc.constantFrom('$', '$$', '{', '}', '${steps.a.result}', '${steps.b.result}', '${task.id}', 'x', '\\');
const anyText = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));

test('a rewritten text means what the text meant', () => {
  const scope = {
    context: {},
    taskId: 't',
    step: (name: string) => ({ status: 'complete', result: name === 'plan/1/a' ? 'a' : name, error: null }),
    secret: () => '',
  };
  const meaning = (value: Json) => resolveValue(compileValue(value).compiled, scope);
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(meaning(rewriteReferences(text, qualify, never)), meaning(text));
    }),
    { numRuns: 3_000 },
  );
});
