import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentize } from '@bytecodealliance/componentize-js-0-19-3';
import manifest from '../../package.json' with { type: 'json' };
import { watHandler } from '../../testing/hostile_components/wat_handler.ts';
import { assert, suite } from '../../testing/suite.ts';
import { assembleWorld, WORLD, witPackages, worldDigest } from '../toolchain/wit.ts';
import { createCellExecutor } from './cell_executor.ts';
import { openComponentStore } from './component_store.ts';
import { fixtureCache } from './fixtures/components.ts';
import { resultOf, verdict } from './fixtures/lab.ts';
import { believe, CONFINEMENT, silent, stepRun } from './fixtures/runs.ts';

const test = suite('components of other toolchains');

const MB = 1024 * 1024;

/** A handler for StarlingMonkey: the same JavaScript would build on QuickJS. */
const SCRIPT = `
  let runs = 0;
  export const handler = {
    describe: () => JSON.stringify({ name: 'starling', version: '1.0.0', imports: [] }),
    run({ config, attempt }) {
      const { fail, loop, words } = JSON.parse(config);
      if (fail) throw { code: 'no_luck', message: 'as asked', retryable: false };
      while (loop);
      const sorted = words.toSorted((a, b) => a.localeCompare(b));
      return { tag: 'complete', val: JSON.stringify({ sorted, attempt, runs: ++runs }) };
    },
  };`;

/** Built when script, WIT or engine changed: it takes some ten seconds. */
async function onStarlingMonkey(): Promise<Uint8Array> {
  const packages = witPackages();
  const engine = manifest.devDependencies['@bytecodealliance/componentize-js-0-19-3'];
  const key = createHash('sha256').update(SCRIPT).update(worldDigest(packages, [])).update(engine).digest('hex');
  const path = join(fixtureCache(), `starling-${key.slice(0, 16)}.wasm`);
  try {
    return readFileSync(path);
  } catch {
    const directory = mkdtempSync(join(tmpdir(), 'weft-starling-'));
    const [sourcePath, witPath] = [join(directory, 'handler.js'), join(directory, 'wit')];
    writeFileSync(sourcePath, SCRIPT);
    assembleWorld(witPath, packages, []);
    const disableFeatures = ['stdio', 'random', 'clocks', 'http', 'fetch-event'] as const;
    const { component } = await componentize({
      sourcePath,
      witPath,
      worldName: WORLD,
      disableFeatures: [...disableFeatures],
    });
    rmSync(directory, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, component);
    renameSync(`${path}.${process.pid}`, path);
    return component;
  }
}

async function loaded(bytes: Uint8Array) {
  const components = await openComponentStore({
    cacheDirectory: join(fixtureCache(), 'transpiled'),
    component_bytes_max: 32 * MB,
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    validateCapability: believe,
  });
  const { digest, capability } = await components.load(bytes);
  const executor = createCellExecutor({ cells: 1, components, ...CONFINEMENT, logger: silent });
  return { digest, capability, executor };
}

test('a handler in JavaScript on StarlingMonkey loads, runs, fails and is stopped', async () => {
  const { digest, capability, executor } = await loaded(await onStarlingMonkey());
  try {
    assert.is(capability.name, 'starling');
    for (let i = 0; i < 2; i++) {
      const end = await executor.run(stepRun(digest, { words: ['b', 'é', 'a'] }));
      assert.equal(resultOf(end), { sorted: ['a', 'b', 'é'], attempt: 1, runs: 1 });
    }
    assert.is(verdict(await executor.run(stepRun(digest, { fail: true }))), 'no_luck');
    const limits = { timeout_ms: 3_000 };
    assert.is(verdict(await executor.run(stepRun(digest, { loop: true, words: [] }, { limits }))), 'timeout');
  } finally {
    await executor.close();
  }
});

test('a handler in WebAssembly text loads and runs', async () => {
  // Gives its config back: a text's address and length lie in the step as they do in an outcome.
  const echo = '(call $complete (i32.load offset=36 (local.get $step)) (i32.load offset=40 (local.get $step)))';
  const { digest, capability, executor } = await loaded(await watHandler({ run: echo }));
  try {
    assert.is(capability.name, 'wat');
    const config = { list: [1, 'é', null], deep: { a: { b: true } } };
    assert.equal(resultOf(await executor.run(stepRun(digest, config))), config);
  } finally {
    await executor.close();
  }
});
