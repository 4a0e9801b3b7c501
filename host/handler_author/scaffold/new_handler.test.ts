import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject } from '../../../kernel/json.ts';
import { checkAgainst } from '../../../testing/check_schema.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { bundleHandler } from '../../toolchain/bundle.ts';
import { readCapability } from '../../toolchain/capability_file.ts';
import { hostInterfaces, witPackages } from '../../toolchain/wit.ts';
import { exampleCases, readCases } from '../case_file.ts';
import { openNativeEngine } from '../native_engine.ts';
import { runCase } from '../run_case.ts';
import { openTypeCheck } from '../type_check.ts';
import { nameProblem, newHandler } from './new_handler.ts';
import { SCAFFOLD_PARTS } from './parts.ts';

const test = suite('new handlers');

let directory: string;
test.before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-new-'));
});
test.after(() => rm(directory, { recursive: true, force: true }));

const ALL = Object.keys(SCAFFOLD_PARTS);

for (const imports of [[], ['log'], ['clock', 'http'], ['mail'], ALL]) {
  test(`with ${imports.join(', ') || 'nothing'}: types, cases and README are true`, async () => {
    const name = ['hello', ...imports].join('_');
    const { folder, files } = await newHandler({ name, directory, imports });
    for (const file of files) assert.ok((await readFile(join(folder, file), 'utf8')).endsWith('\n'), file);
    const capability = readCapability(join(folder, 'capability.json'), name, hostInterfaces(witPackages()));
    const bundle = await bundleHandler(join(folder, 'handler.ts'));
    assert.equal(bundle.imports, capability.imports);
    assert.equal(await openTypeCheck(folder, await mkdtemp(join(directory, 'types-')))!.run(), []);
    const engine = await openNativeEngine(bundle.code);
    try {
      const cases = [
        ...readCases(folder),
        ...exampleCases(capability).filter(({ expected }) => expected !== undefined),
      ];
      assert.ok(cases.length >= 2);
      for (const each of cases) assert.equal((await runCase(each, [engine], capability)).problems, [], each.name);
    } finally {
      await engine.close();
    }
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const [step] = parse(/```yaml\n([\s\S]*?)```/.exec(readme)![1]!) as [JsonObject];
    const { config } = step['handler'] as { config: JsonObject };
    checkAgainst(capability.configSchema, config, 'the config of the README');
    checkAgainst(capability.inputSchema, step['inputs']!, 'the inputs of the README');
    for (const { code } of capability.errors) assert.match(readme, `| \`${code}\` |`);
    for (const key of Object.keys(capability.configSchema['properties'] as object)) assert.match(readme, `\`${key}\``);
  });
}

test('nothing that is there is overwritten', async () => {
  await writeFile(join(directory, 'taken'), 'mine');
  await newHandler({ name: 'taken', directory, imports: [] }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /taken" is there already; nothing was written/),
  );
  assert.is(await readFile(join(directory, 'taken'), 'utf8'), 'mine');
  assert.equal(
    (await readdir(directory)).filter((name) => name.startsWith('.')),
    [],
  );
});

test('says which names there can be', () => {
  assert.is(nameProblem('price_2'), undefined);
  assert.match(nameProblem('Price-List')!, /"price_list" would do/);
  for (const name of ['', '2', '_a', 'a b', 'a/b', '../a', 'é', 'guest', 'a'.repeat(65)])
    assert.ok(nameProblem(name) !== undefined, name);
});
