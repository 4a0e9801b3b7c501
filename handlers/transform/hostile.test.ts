import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCellExecutor } from '../../host/sandbox/cell_executor.ts';
import { openComponentStore } from '../../host/sandbox/component_store.ts';
import { believe, CONFINEMENT, hostFunctions, silent, stepRun } from '../../host/sandbox/fixtures/runs.ts';
import type { Executor } from '../../host/sandbox/port.ts';
import { buildHandlers } from '../../host/toolchain/build_handlers.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('hostile expressions in a cell');

let directory: string;
let executor: Executor;
let digest: string;

test.before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weft-hostile-test-'));
  const handlers = join(import.meta.dirname, '..');
  const outDirectory = join(handlers, '../build/handlers');
  const built = await buildHandlers({ directory: handlers, outDirectory, names: ['transform'] });
  const components = await openComponentStore({
    cacheDirectory: directory,
    component_bytes_max: 16 * 1024 * 1024,
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    validateCapability: believe,
  });
  ({ digest } = await components.load(readFileSync(built.handlers[0]!.path)));
  executor = createCellExecutor({ cells: 1, components, ...CONFINEMENT, logger: silent });
});

test.after(async () => {
  await executor.close();
  rmSync(directory, { recursive: true });
});

/** The failure's code, or the outcome's kind. */
async function evaluate(expression: string, timeout_ms = 20_000): Promise<string> {
  const host = hostFunctions(async () => ({ ok: '0' }));
  const end = await executor.run(stepRun(digest, { expression }, { host, limits: { timeout_ms } }));
  return end.kind === 'failure' ? end.failure.code : end.outcome.kind;
}

const EXPECTED: Readonly<Record<string, readonly [expression: string, end: string]>> = {
  'recursion that ends in time': ['($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(40))', 'complete'],
  'recursion without end': ['($f := function($n) { 1 + $f($n) }; $f(1))', 'expression_limit'],
  'recursion through $map': ['($f := function($n) { $map([$n], $f) }; $f(1))', 'expression_limit'],
  'recursion through $sort': [
    '($f := function($a, $b) { $count($sort([$a, $b], $f)) > 1 }; $sort([1, 2], $f))',
    'expression_limit',
  ],
  'recursion through $replace': ['($f := function($m) { $replace("aa", /a/, $f) }; $f(1))', 'expression_limit'],
  'brackets, 80 deep': [`${'('.repeat(80)}1${')'.repeat(80)}`, 'complete'],
  'brackets, thousands deep': [`${'('.repeat(5000)}1${')'.repeat(5000)}`, 'expression_limit'],
  'lists, thousands deep': ['['.repeat(5000), 'expression_limit'],
  'signs, thousands deep': [`${'-'.repeat(5000)}1`, 'expression_limit'],
  'functions, thousands deep': [`${'function(){'.repeat(3000)}1${'}'.repeat(3000)}`, 'expression_limit'],
  'conditions, thousands deep': [`${'a?1:'.repeat(3000)}1`, 'expression_limit'],
  'a sum of 200': [Array(200).fill('1').join('+'), 'complete'],
  'a sum of thousands': [Array(8000).fill('1').join('+'), 'expression_limit'],
  'a path of 200': [Array(200).fill('a').join('.'), 'complete'],
  'a path of thousands': [Array(8000).fill('a').join('.'), 'expression_limit'],
  'predicates, thousands': [`a${'[0]'.repeat(8000)}`, 'expression_limit'],
  'a chain of thousands': [`1${'~>$f'.repeat(8000)}`, 'expression_limit'],
  'a text that doubles': ['$length($reduce([1..60], function($a, $b) { $a & $a }, "xxxxxxxx"))', 'expression_limit'],
  'a product of ranges': ['$count([1..100000].[1..100000])', 'expression_limit'],
};

for (const [what, [expression, end]] of Object.entries(EXPECTED)) {
  test(`${what}: ${end}`, async () => {
    assert.is(await evaluate(expression), end);
  });
}

const ENDLESS: Readonly<Record<string, string>> = {
  'a regular expression that backtracks for ever': `$match("${'a'.repeat(40)}!", /^(a+)+$/)`,
  'a text padded without end': '$length($pad("x", 1e9))',
};

for (const [what, expression] of Object.entries(ENDLESS)) {
  test(`${what}: timeout`, async () => {
    assert.is(await evaluate(expression, 1000), 'timeout');
  });
}
