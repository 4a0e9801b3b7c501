import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';
import type { PluginRow } from '../../plugins/list.ts';

const test = suite('weft plugins');

let directory: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-plugins-cli-'));
});
test.after(() => rm(directory, { recursive: true, force: true }));

const plugin = (name: string, apply = '') =>
  `export default { name: '${name}', version: '1.2.3', kernel: '^1', optionsSchema: {}, apply(hooks, options, services) { ${apply} } };`;

async function list(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(directory, 'config-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, 'plugins', name), { recursive: true });
    await writeFile(join(folder, 'plugins', name, 'plugin.mjs'), text);
  }
  const config = join(folder, 'weft.yaml');
  await writeFile(config, Object.keys(files).length === 0 ? '' : 'plugins: { directories: [plugins] }\n');
  const { code, stdout, stderr } = await runCli(['plugins', 'list', '--config', config, '-o', 'json']);
  return { code, stderr, rows: JSON.parse(stdout) as PluginRow[] };
}

test('lists what Weft brings along, with what each is for', async () => {
  const { code, rows, stderr } = await list({});
  assert.is(code, 0, stderr);
  const provides = Object.fromEntries(rows.map(({ name, provides }) => [name, provides]));
  assert.equal(provides, {
    anthropic: ['model anthropic'],
    cost_ceiling: ['hook validatePolicy'],
    egress_policy: ['hook validatePolicy'],
    handler_policy: ['hook validatePolicy'],
    llm: ['planner llm'],
    openai_compatible: ['model openai_compatible'],
    recipes: ['planner recipes'],
    replay: [],
    secret_policy: ['hook validatePolicy'],
  });
  assert.ok(rows.every(({ source, problem }) => source === 'weft' && problem === null));
});

test('says of each that cannot be used why, and lists the others', async () => {
  const { code, rows } = await list({
    good: plugin('good', "services.planners.register('good_one', {}); hooks.taskSettled.tap(async () => {});"),
    newer: plugin('newer').replace('^1', '^9'),
    throws: plugin('throws', "throw new Error('no luck')"),
    twice: plugin('twice', "services.models.register('anthropic', {})"),
    wrong: 'export default 5;',
  });
  assert.is(code, 10);
  const of = (name: string | null) => rows.find((row) => row.name === name)!;
  assert.equal(of('good').provides, ['planner good_one', 'hook taskSettled']);
  assert.match(of('newer').problem!, 'written for kernel ^9');
  assert.match(of('throws').problem!, 'no luck');
  assert.match(of('twice').problem!, 'there is a model adapter "anthropic" already');
  assert.match(of(null).problem!, 'its default export is no plugin');
  assert.equal(of('anthropic').provides, ['model anthropic']);
});

test('writes plugins to begin with', async () => {
  const made = await runCli(['plugins', 'new', 'planner', 'mine', '--directory', join(directory, 'plugins')]);
  assert.is(made.code, 0, made.stderr);
  assert.match(made.stdout, /mine\/plugin\.ts\n.*mine\/conformance\.test\.ts\n/);
  assert.match(made.stderr, 'npx weft plugins list');
  const again = await runCli(['plugins', 'new', 'llm', 'mine', '--directory', join(directory, 'plugins')]);
  assert.is(again.code, 1);
  assert.is((await runCli(['plugins', 'new', 'validator', 'Mine'])).code, 2);
  assert.is((await runCli(['plugins', 'new', 'handler', 'mine'])).code, 2);
});
