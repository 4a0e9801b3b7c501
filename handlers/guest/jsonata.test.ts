import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import { cannedHost } from '../../host/handler_author/native/canned_host.ts';
import { hostImports } from '../../host/handler_author/native/script.ts';
import { buildHandlers } from '../../host/toolchain/build_handlers.ts';
import type { LoadedHandler } from '../../testing/loaded_handler.ts';
import { nativeHandler } from '../../testing/native_handler.ts';
import { assert, suite } from '../../testing/suite.ts';
import { wasmHandler } from '../../testing/wasm_handler.ts';
import type { Json } from './json.ts';

const test = suite('synchronous jsonata');

const documents = JSON.parse(read('jsonata_documents.json')) as Record<string, Json>;
const corpus = read('jsonata_expressions.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);

/** A value as text, or what distinguishes one error from another. */
type Answer = string | { readonly code: string; readonly position?: number; readonly token?: string };

/** The time of every run. */
const NOW_MS = 86_400_000;

// One instance each: expressions leave nothing behind that another could see.
let native: LoadedHandler;
let wasm: LoadedHandler;

test.before(async () => {
  // transform is JSONata with little around it.
  const directory = join(import.meta.dirname, '..');
  const outDirectory = join(directory, '../build/handlers');
  const { handlers } = await buildHandlers({ directory, outDirectory, names: ['transform'] });
  const imports = hostImports(cannedHost({ now_ms: NOW_MS }).call);
  native = (await nativeHandler(join(directory, 'transform/handler.ts')))(imports);
  wasm = (await wasmHandler(handlers[0]!.path))(imports);
});

test('the corpus is broad', () => {
  assert.ok(corpus.length >= 300, `${corpus.length} expressions`);
});

test('gives the results and the errors of the asynchronous original, natively and as WASM', async () => {
  const wrong: unknown[] = [];
  for (const [name, expression] of corpus) {
    const document = documents[name]!;
    const original = await originalAnswer(expression, document);
    for (const [engine, handler] of Object.entries({ native, wasm })) {
      const answer = transform(handler, { expression }, document);
      if (JSON.stringify(answer) !== JSON.stringify(original))
        wrong.push({ engine, name, expression, original, answer });
    }
  }
  assert.equal(wrong, []);
});

test('sorts thousands of elements, stably', () => {
  const expression = '$count($sort([1..3000], function($a, $b) { $a % 7 > $b % 7 })[[0..1]])';
  for (const engine of [native, wasm]) assert.is(transform(engine, { expression }, {}), '2');
  const stable = '$join($sort([1..20], function($a, $b) { $a % 3 > $b % 3 }).$string(), " ")';
  assert.is(transform(wasm, { expression: stable }, {}), '"3 6 9 12 15 18 1 4 7 10 13 16 19 2 5 8 11 14 17 20"');
});

test('reads the time of the run and no other', () => {
  const expression = '[$millis(), $toMillis($now()), $toMillis("12:30", "[H]:[m]")]';
  for (const engine of [native, wasm]) {
    assert.is(transform(engine, { expression }, {}), '[86400000,86400000,131400000]');
  }
});

test('draws the same random numbers in every run of a step', () => {
  const expression = '[$random(), $random(), $shuffle([1..9])]';
  const first = transform(native, { expression }, {});
  assert.is(transform(native, { expression }, {}), first);
  assert.is(transform(wasm, { expression }, {}), first);
  const [one, two] = JSON.parse(first as string) as [number, number];
  assert.ok(one !== two && one >= 0 && one < 1);
});

test('knows no $eval', () => {
  for (const engine of [native, wasm])
    assert.is(codeOf(transform(engine, { expression: '$eval("1+1")' }, {})), 'T1006');
});

const HOSTILE: Readonly<Record<string, string>> = {
  'endless recursion': '($f := function($x) { 1 + $f($x) }; $f(1))',
  'endless tail recursion': '($f := function($x) { $f($x) }; $f(1))',
  'recursion through a built-in in tail position': '($f := function($x) { $map([$x], $f) }; $f(1))',
  'recursion through $reduce and $filter':
    '($f := function($x) { $filter([$x], function($y) { $reduce([1, 2], function($a, $b) { $f($y) }) }) }; $f(1))',
  'recursion through a partial application': '($f := function($x) { ($g := $map(?, $f); $g([$x])) }; $f(1))',
  'recursion through $sort': '($f := function($a, $b) { $count($sort([$a, $b], $f)) > 1 }; $sort([1, 2], $f))',
  'endless chaining': '($f := function($x) { $x ~> $f }; 1 ~> $f)',
  'a long range': '[1..20000000]',
  'a result without end of depth': '$reduce([1..1000], function($a, $v) { [[$a]] }, 0)',
};

for (const [what, expression] of Object.entries(HOSTILE)) {
  test(`ends ${what} at a limit`, () => {
    for (const engine of [native, wasm]) {
      const answer = transform(engine, { expression, limits: { steps: 100_000, sequence: 100_000 } }, {});
      assert.match(codeOf(answer), /^(D1011|D1012|D2014|D2015)$/);
    }
  });
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
}

async function originalAnswer(expression: string, document: Json): Promise<Answer> {
  try {
    const value: unknown = await jsonata(expression).evaluate(document);
    // A function, as a regular expression is one: the original hands it out, a step cannot.
    return typeof value === 'function' ? { code: 'E0002' } : JSON.stringify(value ?? null);
  } catch (error) {
    const { code, position, token } = error as { code?: string; position?: number; token?: string | number };
    return {
      code: code ?? 'E0001',
      ...(position === undefined ? {} : { position }),
      ...(token === undefined ? {} : { token: String(token) }),
    };
  }
}

function transform(handler: LoadedHandler, config: object, document: Json): Answer {
  const end = handler.run({
    taskId: 'task-1',
    stepId: 'step-1',
    stepName: 'step',
    attempt: 1,
    idempotencyKey: 'key-1',
    config: JSON.stringify(config),
    inputs: JSON.stringify(document),
  });
  if ('failure' in end)
    return JSON.parse(end.failure.details ?? JSON.stringify({ code: end.failure.message })) as Answer;
  if (end.outcome.tag !== 'complete') throw new Error(`transform does not ${end.outcome.tag}`);
  return end.outcome.val;
}

function codeOf(answer: Answer): string {
  return typeof answer === 'string' ? answer : answer.code;
}
