import { join } from 'node:path';
import { exampleCases, readCases } from '../host/handler_author/case_file.ts';
import type { CaseEngine } from '../host/handler_author/engine.ts';
import { buildTarget, type LoadedTarget, loadTarget, openAuthorStore } from '../host/handler_author/load.ts';
import { runCase } from '../host/handler_author/run_case.ts';
import { findTarget } from '../host/handler_author/target.ts';
import { openEngines } from '../host/handler_author/test_handler.ts';
import { readCapability } from '../host/toolchain/capability_file.ts';
import { hostInterfaces, witPackages } from '../host/toolchain/wit.ts';
import { assert, suite } from './suite.ts';

const HANDLERS = join(import.meta.dirname, '../handlers');
const CACHE = join(import.meta.dirname, '../build/test_cache');

/**
 * Declares the tests that every handler of this repository has, a test for each case and example, run by the runner
 * that authors have: in a cell and natively, with the same bytes.
 */
export function handlerCases(name: string): void {
  const test = suite(`handler ${name}`);
  const folder = join(HANDLERS, name);
  const file = join(folder, 'capability.json');
  const capability = readCapability(file, name, hostInterfaces(witPackages()));
  let loaded: LoadedTarget;
  let engines: readonly CaseEngine[];

  test.before(async () => {
    const target = findTarget(folder, { directory: HANDLERS });
    await buildTarget(target);
    loaded = await loadTarget(target, await openAuthorStore(CACHE));
    engines = await openEngines(target, loaded.directory);
  });
  test.after(() => Promise.all(engines.map((engine) => engine.close())).then(() => undefined));

  test('describes itself as its capability.json does', () => assert.equal(loaded.capability, capability));

  const cases = [...exampleCases(capability).filter(({ expected }) => expected !== undefined), ...readCases(folder)];
  for (const each of cases) {
    test(each.name, async () => assert.equal((await runCase(each, engines, capability)).problems, []));
  }
}
