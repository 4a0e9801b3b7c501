import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { assert, suite } from '../../../testing/suite.ts';
import { newPlugin, PLUGIN_KINDS, pluginNameProblem } from './new_plugin.ts';

const test = suite('new plugins');

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const SOURCES = {
  'weft/plugin': pathToFileURL(join(REPOSITORY, 'kernel/index.ts')).href,
  'weft/conformance': pathToFileURL(join(REPOSITORY, 'host/conformance/index.ts')).href,
};

let directory: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-plugins-new-'));
});
test.after(() => rm(directory, { recursive: true, force: true }));

for (const kind of PLUGIN_KINDS) {
  test(`a new ${kind} passes its conformance suite as it is`, async () => {
    const { folder, files } = await newPlugin({ kind, name: `my_${kind}`, directory });
    assert.equal([...files].sort(), ['conformance.test.ts', 'plugin.ts']);
    // Where there is no package "weft", its exports are the sources.
    for (const file of files) {
      const text = await readFile(join(folder, file), 'utf8');
      const own = Object.entries(SOURCES).reduce((all, [name, url]) => all.replaceAll(`'${name}'`, `'${url}'`), text);
      await writeFile(join(folder, file), own);
    }
    const suiteFile = join(folder, 'conformance.test.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', suiteFile]);
    assert.match(stdout, /# fail 0/);
    assert.match(stdout, /# pass [1-9]/);
  });
}

test('nothing that is there is overwritten', async () => {
  await newPlugin({ kind: 'validator', name: 'taken', directory });
  await newPlugin({ kind: 'planner', name: 'taken', directory }).then(
    () => assert.unreachable(),
    (error: { code: string }) => assert.is(error.code, 'plugin_exists'),
  );
  assert.match(await readFile(join(directory, 'taken', 'plugin.ts'), 'utf8'), 'too_many_steps');
});

test('names are those of plugins', () => {
  assert.is(pluginNameProblem('a_1'), undefined);
  for (const name of ['A', '1a', 'a-b', '../a', '']) assert.match(pluginNameProblem(name)!, 'cannot be the name');
});
