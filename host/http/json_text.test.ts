import * as fc from 'fast-check';
import { WeftError } from '../../kernel/errors.ts';
import { assert, suite } from '../../testing/suite.ts';
import { scanJson } from './json_scan.ts';
import { parseJsonText } from './json_text.ts';

const test = suite('JSON from outside');

/** What is said of a text, as `line:column message`. */
function problemsOf(text: string): readonly string[] {
  try {
    parseJsonText(text, { subject: 'the body' });
    return [];
  } catch (error) {
    assert.instance(error, WeftError);
    return (error as WeftError).diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

test('parses what JSON.parse parses', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const problems = scanJson(text).filter(({ message }) => !/__proto__|cannot be held/.test(message));
      assert.equal(problems, []);
    }),
  );
});

test('refuses exactly the texts that JSON.parse refuses', () => {
  const characters = fc.constantFrom(...'{}[]",:01e.-+ \\untrfalse\n\u0001');
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
      const grammatical = scanJson(text).every(({ message }) => !message.includes('should be'));
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      assert.is(grammatical, parses, text);
    }),
    { numRuns: 5_000 },
  );
});

test('says where a text stops being JSON', () => {
  assert.equal(problemsOf('{"a": 1,\n "b": abc}'), ['2:7 there is "a" where a value should be']);
  assert.equal(problemsOf('{"a": 1'), ['1:8 the text ends where "," or "}" should be']);
  assert.equal(problemsOf('[1 2]'), ['1:4 there is "2" where "," or "]" should be']);
  assert.equal(problemsOf(''), ['1:1 the text ends where a value should be']);
});

test('finds every key that is twice, also when it is escaped', () => {
  assert.equal(problemsOf('{"a": 1, "b": {"a": 2}, "\\u0061": 3, "b": 4}'), [
    '1:25 the key "a" is there twice',
    '1:38 the key "b" is there twice',
  ]);
});

test('refuses __proto__, however it is written', () => {
  assert.equal(problemsOf('[{"__proto__": 1}, {"\\u005f_proto__": 1}]'), [
    '1:3 the key "__proto__" is not accepted',
    '1:21 the key "__proto__" is not accepted',
  ]);
});

test('refuses numbers that a double cannot hold', () => {
  assert.equal(problemsOf('[9007199254740991, -9007199254740991, 1.5e300, 0.1]'), []);
  assert.equal(problemsOf('[9007199254740992, 1e400]'), [
    '1:2 the number 9007199254740992 cannot be held exactly',
    '1:20 the number 1e400 cannot be held exactly',
  ]);
});

test('refuses deep nesting without recursing into it', () => {
  assert.equal(problemsOf('['.repeat(20_000)), ['1:129 nested deeper than 128']);
  assert.equal(problemsOf(`${'['.repeat(128)}${']'.repeat(128)}`), []);
});

test('lists at most 20 problems', () => {
  assert.is(problemsOf(`[${Array(50).fill('1e999').join(',')}]`).length, 20);
});
