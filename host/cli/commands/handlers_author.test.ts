import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';
import type { DevRound } from '../../handler_author/dev.ts';

const test = suite('author commands');

const LAUNCHER = fileURLToPath(new URL('../weft.js', import.meta.url));

let directory: string;
let folder: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-author-test-'));
  folder = join(directory, 'hello');
  const { code, stderr } = await weft('new', 'hello');
  assert.is(code, 0, stderr);
  assert.match(stderr, 'weft handlers dev');
});
test.after(() => rm(directory, { recursive: true, force: true }));

function weft(verb: string, ...words: readonly string[]) {
  return runCli(['handlers', verb, ...words, '--directory', directory]);
}

test('says which names and imports there can be, and overwrites nothing', async () => {
  const named = await weft('new', 'Hello-World');
  assert.equal([named.code, named.stdout], [2, '']);
  assert.match(named.stderr, '"hello_world" would do');
  const imported = await weft('new', 'other', '--imports', 'http,disk');
  assert.is(imported.code, 2);
  assert.match(imported.stderr, '--imports has no "disk"; there are clock, log, http, mail');
  const again = await weft('new', 'hello');
  assert.is(again.code, 1);
  assert.match(again.stderr, 'is there already; nothing was written');
  const missing = await weft('test', 'helo');
  assert.is(missing.code, 4);
  assert.match(missing.stderr, 'did you mean "hello"?');
});

test('dev rebuilds on save, survives mistakes, and ends by a signal', async () => {
  const words = ['handlers', 'dev', 'hello', '--directory', directory, '-o', 'jsonl'];
  const child = spawn(process.execPath, [LAUNCHER, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const round = async () => JSON.parse((await lines.next()).value as string) as DevRound;
  const file = join(folder, 'handler.ts');
  const source = await readFile(file, 'utf8');
  try {
    const first = await round();
    assert.equal([first.diagnostics, first.types, first.results.length], [[], [], 3]);
    assert.ok(first.results.every(({ passed }) => passed));

    await writeFile(file, `${source}const = 1;\n`);
    const [broken] = (await round()).diagnostics;
    assert.equal([broken?.file, broken?.line, broken?.column], [file, source.split('\n').length, 7]);

    await writeFile(file, source.replace('Config, Inputs>', 'Config, { name: number }>').replace('}!`', '}?`'));
    const third = await round();
    assert.equal(third.diagnostics, []);
    assert.match(third.types![0]!.message, /^TS2339: Property 'trim' does not exist/);
    const failed = third.results.find(({ name }) => name === 'greets')!;
    assert.equal(failed.problems, ['/outcome/result/text: expected "Hello, Ada!", got "Hello, Ada?"']);
  } finally {
    child.kill('SIGINT');
  }
  assert.is((await exited)[0], 0);
  await writeFile(file, source);
});

test('tests, calls and inspects what was built', async () => {
  const tested = await weft('test', 'hello', '--case', 'greets*');
  assert.is(tested.code, 0, tested.stderr);
  const [report] = JSON.parse(tested.stdout);
  assert.equal([report.engines, report.results.length], [['wasm', 'native'], 2]);
  const expected = join(folder, 'cases/greets/expected.json');
  const text = await readFile(expected, 'utf8');
  await writeFile(expected, text.replace('Ada', 'Eva'));
  assert.is((await weft('test', 'hello')).code, 1);
  await writeFile(expected, '{"outcome": {"kind": "done"}}');
  const invalid = await weft('test', 'hello');
  assert.is(invalid.code, 10);
  assert.match(invalid.stderr, `${expected}:1:14: error case_invalid`);
  await writeFile(expected, text);

  const called = await weft('call', 'hello', '--config', '{"greeting": "Hi"}', '-i', '{"name": "Ada"}');
  assert.is(called.code, 0, called.stderr);
  assert.equal(JSON.parse(called.stdout).end.outcome, { kind: 'complete', result: { text: 'Hi, Ada!' } });
  const input = join(directory, 'inputs.json');
  await writeFile(input, '{"name": ""}');
  const refused = await weft('call', 'hello', '-i', `@${input}`);
  assert.equal([refused.code, JSON.parse(refused.stdout).end.failure.code], [1, 'name_empty']);

  const inspected = JSON.parse((await weft('inspect', 'hello')).stdout);
  assert.equal([inspected.imports, inspected.capability.name], [[], 'hello']);
  assert.ok(inspected.exports.includes('weft:handler/handler@1.0.0'));
  assert.ok(inspected.layout.modules.some((module: { memories: unknown[] }) => module.memories.length === 1));
});

test('host functions are denied unless a host is allowed', async () => {
  const url = 'http://127.0.0.1:9/';
  const call = async (...more: string[]) =>
    JSON.parse((await runCli(['handlers', 'call', 'http_request', '-c', JSON.stringify({ url }), ...more])).stdout);
  const denied = await call();
  assert.equal([denied.end.failure.code, denied.receipt.denials], ['denied', 1]);
  const allowed = await call('--allow-host', 'http://127.0.0.1:9');
  assert.is(allowed.receipt.denials, 0);
});
