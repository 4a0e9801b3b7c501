import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeftError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import manifest from '../../package.json' with { type: 'json' };
import { assert, suite } from '../../testing/suite.ts';
import { type ComponentStoreOptions, openComponentStore } from './component_store.ts';
import { fixtureComponent } from './fixtures/components.ts';
import { believe, CONFINEMENT } from './fixtures/runs.ts';
import { TRANSPILER_VERSION } from './transpiler.ts';

const test = suite('component store');

const root = mkdtempSync(join(tmpdir(), 'weft-components-'));
test.after(() => rmSync(root, { recursive: true }));

const newCache = () => mkdtempSync(join(root, 'cache-'));

const open = (cacheDirectory: string, options: Partial<ComponentStoreOptions> = {}) =>
  openComponentStore({
    cacheDirectory,
    component_bytes_max: 16 * 1024 * 1024,
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    validateCapability: believe,
    ...options,
  });

/** What a load was refused with. */
async function refusal(loading: Promise<unknown>): Promise<WeftError> {
  const error = await loading.then(
    () => new Error('it was loaded'),
    (reason) => reason,
  );
  assert.instance(error, WeftError, String(error));
  return error;
}

const SHARED = newCache();

test('loads a component: checked, transpiled, described', async () => {
  const store = await open(SHARED);
  const bytes = await fixtureComponent('probe');
  const [first, second] = await Promise.all([store.load(bytes), store.load(bytes)]);
  assert.match(first.digest, /^sha256:[0-9a-f]{64}$/);
  assert.is(first, second);
  assert.is(first.capability.name, 'probe');
  assert.equal(store.digests(), [first.digest]);
  const home = store.locate(first.digest)!;
  assert.ok(home.startsWith(store.directory));
  const files = readdirSync(home);
  assert.ok(files.includes('component.mjs') && files.includes('component.core.wasm'));
  assert.not(files.includes('component.wasm'), 'the component itself is not kept');
});

test('takes a component that was loaded before from the cache', async () => {
  const bytes = await fixtureComponent('probe');
  const before = await (await open(SHARED)).load(bytes);
  const store = await open(SHARED);
  assert.is(store.locate(before.digest), undefined, 'what was not loaded here is not available');
  const cached = join(store.directory, before.digest.slice(7), 'capability.json');
  const capability = JSON.parse(readFileSync(cached, 'utf8')) as JsonObject;
  writeFileSync(cached, JSON.stringify({ ...capability, title: 'from the cache' }));
  assert.is((await store.load(bytes)).capability.title, 'from the cache');
});

test('keeps what an earlier process loaded for steps that are pinned to it', async () => {
  const before = await (await open(SHARED)).load(await fixtureComponent('probe'));
  const store = await open(SHARED);
  const kept = await store.keepEarlier();
  assert.equal(
    kept.map(({ digest, capability }) => [digest, capability.name]),
    [[before.digest, 'probe']],
  );
  assert.ok(store.locate(before.digest)!.startsWith(store.directory));
  assert.equal(store.digests(), [], 'it is not among the handlers of today');
  assert.equal(await (await open(newCache())).keepEarlier(), []);
});

test('replaces a damaged entry of the cache', async () => {
  const bytes = await fixtureComponent('probe');
  const cache = newCache();
  const store = await open(cache);
  const home = join(store.directory, (await (await open(SHARED)).load(bytes)).digest.slice(7));
  mkdirSync(home);
  writeFileSync(join(home, 'capability.json'), '{"na');
  const { digest } = await store.load(bytes);
  assert.is(store.locate(digest), home);
  assert.ok(readdirSync(home).includes('component.mjs'));
});

test('forgets what another jco transpiled', () => {
  assert.ok(
    TRANSPILER_VERSION.startsWith(`jco-${manifest.dependencies['@bytecodealliance/jco']}-`),
    TRANSPILER_VERSION,
  );
});

test('asks the validator of today about a capability of yesterday', async () => {
  const refuse = () => {
    throw new Error('capabilities need a colour now');
  };
  const store = await open(SHARED, { validateCapability: refuse });
  const error = await store.load(await fixtureComponent('probe')).catch((reason) => reason);
  assert.match(error.message, /need a colour/);
  assert.equal(store.digests(), []);
});

test('refuses bytes that are no component that may run here, and keeps nothing of them', async () => {
  const cache = newCache();
  const store = await open(cache, { component_bytes_max: 1000 });
  const error = await refusal(store.load(Buffer.from('not a component')));
  assert.is(error.code, 'component_refused');
  assert.match(error.message, /sha256:[0-9a-f]{64} is refused: not a WebAssembly binary/);
  assert.match((await refusal(store.load(await fixtureComponent('chatty')))).message, /at most 1000/);
  assert.equal(readdirSync(store.directory), []);
});

test('refuses a component that imports more than its capability declares', async () => {
  const store = await open(SHARED, { validateCapability: (value) => ({ ...believe(value), imports: [] }) });
  const error = await refusal(store.load(await fixtureComponent('probe')));
  assert.match(error.message, /imports weft:clock\/wall-clock@1.0.0, .* does not declare/);
});

test('refuses a component that jco refuses', async () => {
  const store = await open(newCache());
  const bytes = Buffer.from(await fixtureComponent('chatty'));
  // A letter of a type's name, which a component's types and their uses must agree on.
  bytes.write('weft:log/lagger@1.0.0', bytes.lastIndexOf('weft:log/logger@1.0.0'));
  assert.match((await refusal(store.load(bytes))).message, /jco can't transpile it/);
  assert.equal(readdirSync(store.directory), []);
});

test('refuses a describe that calls the host', async () => {
  const store = await open(newCache());
  const error = await refusal(store.load(await fixtureComponent('chatty')));
  assert.match(error.message, /describe called weft:log\/logger#log/);
  assert.equal(readdirSync(store.directory), []);
});

test('clears what a process that died left half done', async () => {
  const cache = newCache();
  const { directory } = await open(cache);
  const hourAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of ['.staging-old', '.staging-young']) mkdirSync(join(directory, name));
  utimesSync(join(directory, '.staging-old'), hourAgo, hourAgo);
  await open(cache);
  assert.equal(readdirSync(directory), ['.staging-young']);
});

test('says when the cache cannot be used', async () => {
  const file = join(root, 'a-file');
  writeFileSync(file, '');
  assert.is((await refusal(open(file))).code, 'component_cache_unavailable');
});
