import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { assert, suite } from '../../testing/suite.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { loadPlugins } from './load.ts';

const test = suite('plugin loading');

const source = (name: string, apply = '') =>
  `export default { name: '${name}', version: '1.0.0', kernel: '^1', optionsSchema: {}, apply(hooks, options, services) { ${apply} } };`;

/** Loads what `files` say, in a folder of their own; the log is what was written at level error. */
async function load(files: Record<string, string>, options: Record<string, JsonObject> = {}, directories = ['']) {
  const root = await mkdtemp(join(tmpdir(), 'weft-plugins-'));
  const log: string[] = [];
  const write = (level: string) => (fields: JsonObject, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const child = ({ plugin }: { plugin: string }) => ({ warn: write(`${plugin} warn`) });
  const logger = {
    child,
    debug: () => {},
    error: (_: unknown, message: string) => void log.push(message),
    info: () => {},
  };
  try {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), text);
    }
    const hooks = createHooks();
    const found = directories.map((directory) => join(root, directory));
    const compiler = hostSchemaCompiler();
    const plugins = await loadPlugins({ directories: found, options, hooks, compiler, logger: logger as never });
    return { names: plugins.map(({ name }) => name), log, error: undefined };
  } catch (error) {
    return { names: [], log, error: (error as Error).message.replaceAll(root, '') };
  } finally {
    await rm(root, { recursive: true });
  }
}

test('takes plugin.ts, plugin.js, plugin.mjs and the main of a package', async () => {
  const { names, error } = await load({
    'a/plugin.ts': `const name: string = 'first'; ${source('x').replace("'x'", 'name')}`,
    'b/plugin.js': source('second'),
    'b/package.json': '{"type":"module"}',
    'c/plugin.mjs': source('third'),
    'd/package.json': '{"type":"module","main":"lib/main.js"}',
    'd/lib/main.js': source('fourth'),
    'README.md': 'a file is no plugin',
    'node_modules/x/index.js': '',
  });
  assert.is(error, undefined);
  assert.equal(names, ['first', 'fourth', 'second', 'third']);
});

test('a directory may be a plugin itself', async () => {
  assert.equal((await load({ 'own/plugin.mjs': source('own') }, {}, ['own'])).names, ['own']);
});

test('gives a plugin its options and a log of its own', async () => {
  const files = { 'a/plugin.mjs': source('talker', `services.log('warn', 'given', options)`) };
  assert.equal((await load(files, { talker: { x: 1 } })).log, ['talker warn given {"x":1}']);
});

test('each that fails is logged with its file, and the first is thrown', async () => {
  const { error, log } = await load({
    'a/plugin.mjs': 'export default 42;',
    'b/plugin.mjs': 'import "./missing.mjs";',
    'c/plugin.mjs': 'this is no JavaScript',
    'd/plugin.mjs': source('good'),
    'e/package.json': '{',
  });
  assert.match(error!, /\/a\/plugin.mjs cannot be used: its default export is no plugin/);
  assert.is(log.length, 4);
  assert.match(log[1]!, /\/b\/plugin.mjs cannot be used: Cannot find module/);
  assert.match(log[2]!, /\/c\/plugin.mjs cannot be used: /);
  assert.match(log[3]!, /\/e\/package.json cannot be used: .*JSON/);
});

test('a folder without a plugin, and a directory that is not there, are said', async () => {
  assert.match((await load({ 'lib/help.js': '' })).error!, /\/lib cannot be used: the folder holds neither plugin.ts/);
  assert.match((await load({}, {}, ['nowhere'])).error!, /\/nowhere cannot be used: ENOENT/);
});

test('the same name twice is refused', async () => {
  const files = { 'a/plugin.mjs': source('twin'), 'b/plugin.mjs': source('twin') };
  assert.match((await load(files)).error!, /plugin twin cannot be used: another one has the same name/);
});
