import fc from 'fast-check';
import { checkLimits } from '../../kernel/validation/limits.ts';
import { assert, suite } from '../../testing/suite.ts';
import { parseTemplateText } from './parse.ts';

const test = suite('template text');

/** `code line:column` of every problem. */
function problemsOf(text: string): string[] {
  return parseTemplateText(text, { file: 't.yaml' }).diagnostics.map(
    ({ code, line, column }) => `${code} ${line}:${column}`,
  );
}

test('reads YAML and JSON to the same document', () => {
  const yaml = parseTemplateText('name: a\nsteps:\n  - { name: b, n: 1.5, t: true, z: null }\n');
  const json = parseTemplateText('{"name":"a",\n\t"steps":[{"name":"b","n":1.5,"t":true,"z":null}]}');
  assert.equal(yaml.document, { name: 'a', steps: [{ name: 'b', n: 1.5, t: true, z: null }] });
  assert.equal(yaml.document, json.document);
  assert.equal([...yaml.diagnostics, ...json.diagnostics], []);
});

test('any JSON text is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const { document, diagnostics } = parseTemplateText(text);
      assert.equal(diagnostics, []);
      assert.equal(document, JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

test('never throws, whatever the text', () => {
  const fragments = [
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '"',
    "'",
    '|',
    '>',
    '#',
    '!t ',
    '? ',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments), { maxLength: 40 }), (parts) => {
      const { document, diagnostics } = parseTemplateText(parts.join(''));
      assert.ok(document !== undefined || diagnostics.length > 0);
    }),
    { numRuns: 2000 },
  );
});

test('locates a member at its key, an item at its start, and what is missing at what is around it', () => {
  const { locate } = parseTemplateText('name: a\nsteps:\n  - name: b\n    retry: { max_attempts: 0 }\n');
  assert.equal(locate(''), { line: 1, column: 1 });
  assert.equal(locate('/name'), { line: 1, column: 1 });
  assert.equal(locate('/steps/0'), { line: 3, column: 5 });
  assert.equal(locate('/steps/0/retry/max_attempts'), { line: 4, column: 14 });
  assert.equal(locate('/steps/0/handler/config'), { line: 3, column: 5 });
});

test('locates keys with slashes and tildes, and what an alias stands for', () => {
  const { locate } = parseTemplateText('a/b: 1\nm~n: 2\nx: &x\n  k: 1\ny: *x\n');
  assert.equal(locate('/a~1b'), { line: 1, column: 1 });
  assert.equal(locate('/m~0n'), { line: 2, column: 1 });
  assert.equal(locate('/y/k'), { line: 4, column: 3 });
});

test('reports every duplicate key where it stands and keeps the first value', () => {
  assert.equal(problemsOf('a: 1\nb: { c: 1, c: 2 }\na: 3\n'), ['key_duplicate 2:12', 'key_duplicate 3:1']);
  assert.equal(parseTemplateText('a: 1\na: 2\n').document, { a: 1 });
});

test('refuses tags, directives, several documents, keys that are no text, unknown and recursive aliases', () => {
  assert.equal(problemsOf('a: !!str 1\nb: !x [1]\n'), ['tag_forbidden 1:10', 'tag_forbidden 2:7']);
  assert.equal(problemsOf('%YAML 1.1\n---\na: yes\n'), ['directive_forbidden 1:1']);
  assert.equal(problemsOf('a: 1\n---\nb: 2\n'), ['documents_several 2:1']);
  assert.equal(problemsOf('1: a\n[x]: b\n'), ['key_not_text 1:1', 'key_not_text 2:1']);
  assert.equal(problemsOf('a: *nobody\nb: &b [*b]\n'), ['alias_unknown 1:4', 'alias_unknown 2:8']);
});

test('says where the syntax breaks and gives no document then', () => {
  const { document, diagnostics } = parseTemplateText('a: "x\nb: [1\n', { file: 't.yaml' });
  assert.is(document, undefined);
  assert.ok(diagnostics.every(({ code, file }) => code === 'syntax_error' && file === 't.yaml'));
});

test('refuses an empty text', () => {
  for (const text of ['', '\n\n', '# only a comment\n', '---\n'])
    assert.equal(problemsOf(text), ['document_missing 1:1']);
});

test('shares anchored values, a redefined anchor counting from there on', () => {
  const { document, diagnostics } = parseTemplateText('a: &x { k: 1 }\nb: *x\nc: &x 2\nd: *x\n');
  assert.equal(diagnostics, []);
  assert.equal(document, { a: { k: 1 }, b: { k: 1 }, c: 2, d: 2 });
});

test('stops an alias bomb at the alias that is too much', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`);
  assert.equal(problemsOf(['l0: &l0 [lol, lol, lol]', ...levels].join('\n')), ['aliases_too_large 6:15']);
});

test('refuses 50 MB and a depth of 20,000 at once, in any notation', () => {
  assert.equal(problemsOf(`a: "${'x'.repeat(50_000_000)}"`), ['document_too_large 1:1']);
  for (const nesting of ['[', '{a: ', '- ', '? ', '{"a":[']) {
    assert.match(problemsOf(`name: x\nsteps:\n  ${nesting.repeat(20_000)}`)[0]!, /^document_too_deep 3:/);
  }
});

test('counts bytes, not characters, and takes another limit', () => {
  assert.equal(parseTemplateText('a: éé', { bytesMax: 7 }).diagnostics, []);
  assert.is(parseTemplateText('a: éé', { bytesMax: 6 }).diagnostics[0]?.code, 'document_too_large');
});

test('allows 64 levels, as the kernel does', () => {
  const nested = (depth: number) => parseTemplateText('['.repeat(depth) + ']'.repeat(depth));
  assert.equal(nested(64).diagnostics, []);
  assert.equal(checkLimits(nested(64).document!).diagnostics, []);
  assert.is(nested(65).diagnostics[0]?.code, 'document_too_deep');
});

test('lists so many problems and counts the others', () => {
  const { diagnostics } = parseTemplateText('a: 1\n'.repeat(1001));
  assert.is(diagnostics.length, 201);
  assert.is(diagnostics.at(-1)?.code, 'problems_omitted');
  assert.is(diagnostics.at(-1)?.got, 800);
});
