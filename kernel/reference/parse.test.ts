import fc from 'fast-check';
import { anyReference } from '../../testing/arbitrary_reference.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import type { CompiledValue, Reference } from '../template/types.ts';
import { formatReference } from './format.ts';
import { COMPILED_DEPTH_MAX, compileValue, parseReference } from './parse.ts';

const test = suite('reference parser');

function parsed(source: string): Pick<Reference, 'root' | 'path'> {
  const result = parseReference(source);
  if (!result.ok) throw new Error(`${source}: ${result.problem} at ${result.column}`);
  return { root: result.reference.root, path: result.reference.path };
}

test('reads every root', () => {
  const roots: [string, Reference['root']][] = [
    ['${task.context}', { kind: 'task_context' }],
    ['${task.id}', { kind: 'task_id' }],
    ['${steps.fetch-orders_2.result}', { kind: 'step', step: 'fetch-orders_2', part: 'result' }],
    ['${steps.a.results}', { kind: 'step', step: 'a', part: 'results' }],
    ['${steps.a.status}', { kind: 'step', step: 'a', part: 'status' }],
    ['${steps.a.error}', { kind: 'step', step: 'a', part: 'error' }],
    ['${plans.a.output}', { kind: 'plan', step: 'a' }],
    ['${batch.item}', { kind: 'batch_item' }],
    ['${batch.index}', { kind: 'batch_index' }],
    ['${secrets.API_KEY}', { kind: 'secret', name: 'API_KEY' }],
  ];
  for (const [source, root] of roots) assert.equal(parsed(source), { root, path: [] }, source);
});

test('reads keys, indexes and keys in quotes', () => {
  assert.equal(parsed('${steps.x.result.items[0].a-b["any } key"]["\\"\\u00e9"][12]}').path, [
    'items',
    0,
    'a-b',
    'any } key',
    '"é',
    12,
  ]);
  assert.equal(parsed('${task["context"].a}'), parsed('${task.context.a}'));
});

test('reads back what format writes', () => {
  fc.assert(
    fc.property(anyReference, ({ source, root, path }) => assert.equal(parsed(source), { root, path })),
    { numRuns: 1000 },
  );
});

test('says what is wrong, at which column, and what to do', () => {
  const cases: [string, RegExp, number, RegExp?][] = [
    ['task.id', /starts with/, 1],
    ['${task.id} ', /ends with its "}"/, 11],
    ['${', /got the end of the text/, 3],
    ['${}', /expected one of task, steps, plans, batch, secrets, got "}"/, 3],
    ['${ task.id}', /got " "/, 3, /without spaces/],
    ['${task.id }', /expected ".", "\[" or "}", got " "/, 10, /without spaces/],
    ['${stesp.a.result}', /"stesp" is none of/, 3, /"steps"/],
    ['${constructor.a}', /"constructor" is none of/, 3],
    ['${task}', /expected task\.context… or task\.id/, 7],
    ['${task.contxt.a}', /got "contxt"/, 8, /"context"/],
    ['${task.id.length}', /nothing can follow/, 11],
    ['${steps.Fetch.result}', /"Fetch" is no step's name/, 9],
    ['${steps.a}', /expected steps\.<name>\.result/, 10],
    ['${steps.a.reslut}', /got "reslut"/, 11, /"result"/],
    ['${steps.a.status.x}', /nothing can follow/, 18],
    ['${steps[0].result}', /0 is no step's name/, 8],
    ['${plans.a.result}', /expected plans/, 11],
    ['${secrets.a-b}', /"a-b" is no secret's name/, 11],
    ['${secrets.A.b}', /nothing can follow/, 13],
    ['${task.context.}', /expected a key/, 16],
    ['${task.context.0}', /expected a key/, 16],
    ['${task.context[-1]}', /expected an index/, 16],
    ['${task.context[01]}', /without leading zeros/, 16],
    ['${task.context[1234567890]}', /from 0 to 999999999/, 16],
    ['${task.context[1}', /expected "]"/, 17],
    ["${task.context['a']}", /double quotes/, 16],
    ['${task.context["a]}', /not closed/, 16],
    ['${task.context["\\x"]}', /not a JSON string/, 16],
    [`\${task.context.${'k'.repeat(300)}}`, /at most 256 characters/, 16],
    [`\${task.context${'.a'.repeat(80)}}`, /at most 64 segments/, 139],
  ];
  for (const [source, problem, column, suggestion] of cases) {
    const result = parseReference(source);
    assert.not(result.ok, source);
    if (result.ok) continue;
    assert.match(result.problem, problem, source);
    assert.is(result.column, column, source);
    if (suggestion) assert.match(result.suggestion!, suggestion, source);
  }
});

test('never throws, and whatever it accepts has a canonical form', () => {
  const piece = fc.constantFrom(
    '${',
    '}',
    '.',
    '[',
    ']',
    '"',
    '\\',
    'task',
    'context',
    'steps',
    'a',
    'result',
    '0',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const result = parseReference(pieces.join(''));
      if (result.ok) assert.equal(parsed(formatReference(result.reference)), parsed(pieces.join('')));
    }),
    { numRuns: 5000 },
  );
});

const compiledOf = (value: Json): CompiledValue => {
  const { compiled, problems } = compileValue(value);
  assert.equal(problems, []);
  return compiled;
};

test('keeps a value without references as it is', () => {
  const value = { a: [1, 'x', null, { b: '$5 {} $' }] };
  const compiled = compiledOf(value);
  assert.is(compiled.kind === 'literal' && compiled.value, value);
});

test('undoes escapes: $$ before a brace is one $', () => {
  const texts: [string, string][] = [
    ['$${task.id}', '${task.id}'],
    ['$$$${task.id}', '$${task.id}'],
    ['$$ and $x {y}', '$$ and $x {y}'],
    ['{$${', '{${'],
  ];
  for (const [source, text] of texts) assert.equal(compiledOf(source), { kind: 'literal', value: text });
  const compiled = compiledOf(['$$${task.id}']);
  const [only] = compiled.kind === 'array' ? compiled.items : [];
  assert.ok(only?.kind === 'text');
  assert.equal(only.kind === 'text' && only.parts.map((part) => (typeof part === 'string' ? part : '#')), ['$', '#']);
});

test('any text survives when its dollars before braces are doubled', () => {
  const text = fc
    .array(fc.constantFrom('$', '{', '}', 'a', 'task.id', '$${'), { maxLength: 12 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, (text) => {
      const escaped = text.replace(/\$+(?=\{)/g, (dollars) => dollars + dollars);
      assert.equal(compiledOf(escaped), { kind: 'literal', value: text });
    }),
    { numRuns: 2000 },
  );
});

test('lists every reference in document order, with where it stands', () => {
  const { references } = compileValue({ 'a/b': '${task.id}', c: ['x', 'is ${task.context.x}${batch.index}'] });
  assert.equal(
    references.map(({ pointer, path, reference }) => [pointer, path, reference.source]),
    [
      ['/a~1b', ['a/b'], '${task.id}'],
      ['/c/1', ['c', 1], '${task.context.x}'],
      ['/c/1', ['c', 1], '${batch.index}'],
    ],
  );
});

test('reports every broken reference of a value and puts null in its place', () => {
  const { compiled, problems } = compileValue({ a: 'x ${task.idd} and ${steps.a', b: '${nope.x} ${task.id}' });
  assert.equal(
    problems.map(({ pointer, got }) => [pointer, got]),
    [
      ['/a', '${task.idd}'],
      ['/a', '${steps.a'],
      ['/b', '${nope.x}'],
    ],
  );
  assert.match(problems[0]!.message, /column 10/);
  assert.equal(compiled.kind === 'object' && compiled.entries.map(([, value]) => value), [
    { kind: 'literal', value: null },
    { kind: 'literal', value: null },
  ]);
});

test('leaves what belongs to the handler alone', () => {
  const value = { expression: { deep: ['${nope'] }, url: '${task.id}' };
  const { compiled, problems } = compileValue(value, { literalAt: (path) => path[0] === 'expression' });
  assert.equal(problems, []);
  assert.equal(compiled.kind === 'object' && compiled.entries[0], [
    'expression',
    { kind: 'literal', value: value.expression },
  ]);
});

function nested(depth: number): Json {
  let value: Json = '${task.id}';
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { k: value };
  return value;
}

test('refuses nesting beyond its bound without overflowing', () => {
  assert.equal(compileValue(nested(COMPILED_DEPTH_MAX)).problems, []);
  for (const depth of [COMPILED_DEPTH_MAX + 1, 20_000]) {
    const [problem] = compileValue(nested(depth)).problems;
    assert.match(problem!.message, /nested more than 64 levels/);
  }
});

test('takes linear time on texts made to stall a parser', () => {
  // Quadratic work on texts of this length would take minutes and fail the run.
  for (const piece of ['${', '$', '{', '${a["', '${task.context["\\', '${task.context.', '$${', '${task.context[0']) {
    compileValue(piece.repeat(50_000));
  }
});

test('what compiles from a formatted reference is that reference', () => {
  fc.assert(
    fc.property(anyReference, (reference) => {
      const compiled = compiledOf(reference.source);
      assert.equal(compiled, { kind: 'reference', reference });
    }),
    { numRuns: 1000 },
  );
});
