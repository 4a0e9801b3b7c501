import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, suite } from '../../testing/suite.ts';
import { wasmHandler } from '../../testing/wasm_handler.ts';
import { cannedHost } from '../handler_author/native/canned_host.ts';
import { hostImports } from '../handler_author/native/script.ts';
import { type BuildOptions, type BuildReport, buildHandlers } from './build_handlers.ts';

const test = suite('handler build');

const CAPABILITY = {
  name: 'greet',
  version: '1.2.3',
  title: 'Greet',
  description: 'Greets.',
  category: 'test',
  configSchema: { type: 'object', properties: { greeting: { type: 'string', default: 'hello' } } },
  inputSchema: { type: 'object' },
  outputSchema: { type: 'string' },
};

const SOURCE = `import { complete, defineHandler, fail } from 'weft/guest';
import capability from './capability.json' with { type: 'json' };
import { join } from './join.ts';

export const handler = defineHandler<{ greeting: string }, { name?: string }>({
  capability,
  run({ config, inputs }) {
    if (inputs.name === undefined) fail('nameless', 'there is nobody to greet', { details: { looked_at: 'name' } });
    return complete(join(config.greeting, inputs.name));
  },
});
`;

let root: string;
let options: BuildOptions;

test.beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-build-test-'));
  options = { directory: join(root, 'handlers'), outDirectory: join(root, 'out') };
  mkdirSync(options.directory);
});

test.afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, files: Readonly<Record<string, string | object>>): void {
  mkdirSync(join(options.directory, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
    writeFileSync(join(options.directory, name, file), text);
  }
}

function writeGreet(): void {
  const join = "export const join = (...words: string[]): string => words.join(' ');\n";
  write('greet', { 'handler.ts': SOURCE, 'capability.json': CAPABILITY, 'join.ts': join });
}

/** What a failed build says, with files relative to the handlers. */
function problems(report: BuildReport): unknown[] {
  return report.handlers.flatMap(({ diagnostics }) =>
    diagnostics.map(({ code, message, file, line, column }) => ({
      code,
      message,
      at: [file?.replace(`${options.directory}/`, ''), line, column].filter((part) => part !== undefined).join(':'),
    })),
  );
}

test('compiles a folder outside of Weft to a component and its manifest', async () => {
  writeGreet();
  const progress: string[] = [];
  const report = await buildHandlers({
    ...options,
    onProgress: ({ name, status }) => progress.push(`${name} ${status}`),
  });
  assert.equal(problems(report), []);
  assert.ok(report.ok);
  assert.equal(progress, ['greet built']);
  assert.equal(readdirSync(options.outDirectory).sort(), ['greet.json', 'greet.wasm']);
  const { manifest, path } = report.handlers[0]!;
  assert.equal(JSON.parse(readFileSync(join(options.outDirectory, 'greet.json'), 'utf8')), manifest);
  assert.is(manifest!.version, '1.2.3');
  assert.is(manifest!.size_bytes, readFileSync(path).length);
  assert.match(manifest!.digest, /^sha256:[0-9a-f]{64}$/);
  assert.equal(manifest!.capability.imports, [], 'the capability has its defaults');

  const greet = (await wasmHandler(path))(hostImports(cannedHost().call));
  assert.equal(JSON.parse(greet.describe()), CAPABILITY);
  const step = { taskId: 't', stepId: 's', stepName: 'n', attempt: 1, idempotencyKey: 'k', config: '{}' };
  assert.equal(greet.run({ ...step, inputs: '{"name":"Ada"}' }), { outcome: { tag: 'complete', val: '"hello Ada"' } });
  assert.equal(greet.run({ ...step, inputs: '{}' }), {
    failure: {
      code: 'nameless',
      message: 'there is nobody to greet',
      retryable: false,
      retryAfterMs: undefined,
      details: '{"looked_at":"name"}',
    },
  });
});

test('builds again only what changed in a way that matters', async () => {
  writeGreet();
  const build = async (more?: Partial<BuildOptions>) => (await buildHandlers({ ...options, ...more })).handlers[0]!;
  const first = await build();
  assert.is(first.status, 'built');
  const second = await build();
  assert.is(second.status, 'current');
  assert.equal(second.manifest, first.manifest);

  write('greet', { 'handler.ts': `// A comment.\n${SOURCE}` });
  assert.is((await build()).status, 'current', 'a comment');
  write('greet', { 'join.ts': "export const join = (...words: string[]): string => words.join(', ');\n" });
  assert.is((await build()).status, 'built', 'an imported file');
  rmSync(join(options.outDirectory, 'greet.json'));
  assert.is((await build()).status, 'built', 'a lost manifest');
});

test('reports mistakes where they are, keeps the last component, and builds the others', async () => {
  mkdirSync(options.outDirectory);
  writeFileSync(join(options.outDirectory, 'syntax.wasm'), 'the last one');
  const named = (name: string, more = {}) => ({ ...CAPABILITY, name, ...more });
  const empty = 'export const handler = { describe() {}, run() {} };\n';
  write('syntax', { 'capability.json': named('syntax'), 'handler.ts': `${empty}const = 1;\n` });
  write('missing', { 'capability.json': named('missing'), 'handler.ts': "import './absent.ts';\n" });
  write('silent', { 'handler.ts': empty });
  write('renamed', { 'capability.json': named('other'), 'handler.ts': empty });
  write('badly', { 'capability.json': named('badly', { version: 1 }), 'handler.ts': empty });
  write('typo', { 'capability.json': named('typo', { imports: ['weft:htp/client@1.0.0'] }), 'handler.ts': empty });
  write('sly', { 'capability.json': named('sly'), 'handler.ts': `import 'weft/guest/clock';\n${empty}` });
  write('hasty', {
    'capability.json': named('hasty'),
    'handler.ts': `${empty}\nfunction early(): never {\n  throw new Error('too early');\n}\nearly();\n`,
  });
  write('fine', { 'capability.json': named('fine'), 'handler.ts': empty });

  const report = await buildHandlers(options);
  assert.is(report.ok, false);
  assert.equal(
    report.handlers.filter(({ status }) => status !== 'failed').map(({ name }) => name),
    ['fine'],
  );
  assert.equal(problems(report), [
    {
      code: 'capability_invalid',
      message: 'must be string, but is integer',
      at: 'badly/capability.json:3:3',
    },
    {
      code: 'handler_component_invalid',
      message: 'no component can be made of it: Error: too early',
      at: 'hasty/handler.ts:4:13',
    },
    {
      code: 'handler_source_invalid',
      message: 'Could not resolve "./absent.ts"',
      at: 'missing/handler.ts:1:8',
    },
    {
      code: 'capability_invalid',
      message: 'must be the name of its folder',
      at: 'renamed/capability.json:2:3',
    },
    { code: 'capability_invalid', message: 'is missing', at: 'silent/capability.json' },
    {
      code: 'handler_import_undeclared',
      message: 'the handler imports "weft:clock/wall-clock@1.0.0", which its capability.json does not declare',
      at: 'sly/handler.ts',
    },
    { code: 'handler_source_invalid', message: 'Expected identifier but found "="', at: 'syntax/handler.ts:2:7' },
    { code: 'capability_invalid', message: 'is no interface of the host', at: 'typo/capability.json:23:5' },
  ]);
  assert.is(readFileSync(join(options.outDirectory, 'syntax.wasm'), 'utf8'), 'the last one');
});

test('refuses a name without a handler', async () => {
  writeGreet();
  await buildHandlers({ ...options, names: ['greet', 'great'] }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /no handler\.ts for great in .*; it has greet/),
  );
});
