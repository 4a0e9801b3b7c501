import { chmod, mkdir, mkdtemp, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { WeftError } from '../../kernel/errors.ts';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { HandlerGrant } from '../config/types.ts';
import { openComponentStore } from '../sandbox/component_store.ts';
import { fixtureCache } from '../sandbox/fixtures/components.ts';
import { greeterVariant } from '../sandbox/fixtures/variant.ts';
import { COMPONENT_BYTES_MAX } from '../sandbox/limits.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { acceptCapability } from './accept_capability.ts';
import { Catalog } from './catalog.ts';
import { HandlerDirectories } from './handler_directories.ts';
import type { HandlerFile } from './handler_files.ts';

const test = suite('handler directories');

const TIMES = { poll_ms: 100, rest_ms: 60, retry_ms: 200 };
const GRANTED: readonly HandlerGrant[] = [{ imports: ['http'] }];
const compiler = hostSchemaCompiler();

interface World {
  readonly directory: string;
  readonly catalog: Catalog;
  readonly hooks: ReturnType<typeof createHooks>;
  readonly handlers: HandlerDirectories;
  readonly released: string[];
  /** Writes a file as a careful tool does: beside its place, then moved there. */
  put(name: string, bytes: Uint8Array): Promise<string>;
  remove(name: string): Promise<void>;
  file(name: string): HandlerFile | undefined;
  /** What is offered, as `name@version`. */
  offered(): readonly string[];
}

async function inWorld(use: (world: World) => Promise<void>, grants = GRANTED): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'weft-directories-'));
  const directory = join(root, 'handlers');
  await mkdir(directory);
  const store = await openComponentStore({
    cacheDirectory: join(fixtureCache(), 'directories'),
    component_bytes_max: COMPONENT_BYTES_MAX,
    memory_bytes_max: STEP_LIMIT_PRESETS.memory_bytes_max,
    validateCapability: (value) => acceptCapability(value, compiler),
  });
  const released: string[] = [];
  const components = { load: store.load, release: (digest: string) => released.push(digest) };
  const catalog = new Catalog();
  const hooks = createHooks();
  const handlers = new HandlerDirectories({
    components,
    catalog,
    hooks,
    grants,
    directories: [{ path: directory, builtIn: false }],
    logger: pino({ level: 'silent' }),
    now: Date.now,
    times: TIMES,
  });
  try {
    await use({
      directory,
      catalog,
      hooks,
      handlers,
      released,
      async put(name, bytes) {
        const file = join(directory, name);
        await writeFile(`${file}.new`, bytes);
        await rename(`${file}.new`, file);
        return file;
      },
      remove: (name) => rm(join(directory, name)),
      file: (name) => handlers.files().find(({ file }) => file === join(directory, name)),
      offered: () => catalog.entries().map(({ name, version }) => `${name}@${version}`),
    });
  } finally {
    await handlers.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** Resolves once something holds. */
async function until(holds: () => boolean): Promise<void> {
  const patience = performance.now() + 90_000;
  while (!holds()) {
    if (performance.now() > patience) throw new Error('it did not come to that in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A world that watches. */
const inWatched = (use: (world: World & { changes(): number }) => Promise<void>): Promise<void> =>
  inWorld(async (world) => {
    let changes = 0;
    await world.handlers.load();
    world.handlers.watch(() => changes++);
    await use({ ...world, changes: () => changes });
  });

const codeOf = (file: HandlerFile | undefined): string | undefined => file?.diagnostics[0]?.code;

test('a component that appears joins, and says which of its examples were run', () =>
  inWatched(async ({ put, file, offered, changes }) => {
    const path = await put('greeter.wasm', await greeterVariant());
    await until(() => file('greeter.wasm')?.status === 'loaded');
    assert.equal(offered(), ['greeter@1.0.0']);
    const { examples, offers } = file('greeter.wasm')!;
    assert.is(examples!.passed, 1);
    assert.equal(
      examples!.skipped.map(({ title, reason }) => [title, /weft:http\/client|no result/.exec(reason)?.[0]]),
      [
        ['from afar', 'weft:http/client'],
        ['unsaid', 'no result'],
      ],
    );
    assert.is(offers[0]!.name, 'greeter');
    assert.ok(path.endsWith('greeter.wasm') && changes() === 1);
  }));

test('a file that is still being written is left alone until it rests', () =>
  inWatched(async ({ directory, file, offered }) => {
    const bytes = await greeterVariant();
    const writer = await open(join(directory, 'slow.wasm'), 'w');
    const part = Math.ceil(bytes.length / 8);
    for (let at = 0; at < bytes.length; at += part) {
      await writer.write(bytes.subarray(at, at + part));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await writer.close();
    await until(() => file('slow.wasm')?.status === 'loaded');
    assert.equal(offered(), ['greeter@1.0.0']);
  }));

test('what overwrites a component and is broken is refused, and changes nothing', () =>
  inWatched(async ({ put, file, offered, catalog }) => {
    await put('greeter.wasm', await greeterVariant());
    await until(() => offered().length === 1);
    const { digest } = catalog;
    await put('greeter.wasm', (await greeterVariant()).subarray(0, 100_000));
    await until(() => file('greeter.wasm')?.status === 'refused');
    const refused = file('greeter.wasm')!;
    assert.equal([codeOf(refused), refused.stage, refused.offers.length], ['component_malformed', 'structure', 1]);
    assert.is(refused.diagnostics[0]!.file, refused.file);
    assert.is(catalog.digest, digest);
    await put('greeter.wasm', await greeterVariant());
    await until(() => file('greeter.wasm')?.status === 'loaded');
    assert.is(catalog.digest, digest);
  }));

test('the same version in other bytes is refused with the advice to raise it; another version stands beside it', () =>
  inWatched(async ({ put, file, offered, catalog }) => {
    await put('greeter.wasm', await greeterVariant());
    await until(() => offered().length === 1);
    const first = catalog.resolve('greeter', '')!.digest;
    await put('greeter.wasm', await greeterVariant({ mark: 'rebuilt' }));
    await until(() => file('greeter.wasm')?.status === 'refused');
    const [diagnostic] = file('greeter.wasm')!.diagnostics;
    assert.is(diagnostic!.code, 'handler_version_taken');
    assert.match(diagnostic!.suggestion!, 'raise "version"');
    assert.is(catalog.resolve('greeter', '')!.digest, first);
    await put('greeter.wasm', await greeterVariant({ version: '1.1.0' }));
    await until(() => offered().length === 2);
    assert.is(catalog.resolve('greeter', '~1.0')!.digest, first, 'what templates use is not taken away');
    assert.is(catalog.resolve('greeter', '')!.version, '1.1.0');
  }));

test('what is removed is offered no longer, still found by its digest, and offered again when it returns', () =>
  inWatched(async ({ put, remove, file, offered, catalog, released }) => {
    await put('greeter.wasm', await greeterVariant());
    await put('copy.wasm', await greeterVariant());
    await until(() => file('greeter.wasm') !== undefined && file('copy.wasm') !== undefined);
    const { digest } = catalog.resolve('greeter', '')!;
    await remove('copy.wasm');
    await until(() => file('copy.wasm') === undefined);
    assert.equal(offered(), ['greeter@1.0.0'], 'another file still has it');
    await remove('greeter.wasm');
    await until(() => offered().length === 0);
    assert.is(catalog.byDigest(digest)?.name, 'greeter');
    assert.equal(released, [digest]);
    await put('greeter.wasm', await greeterVariant());
    await until(() => offered().length === 1);
  }));

test('a file that only gets another name is offered without a break', () =>
  inWatched(async ({ directory, put, file, offered, changes }) => {
    await put('a.wasm', await greeterVariant());
    await until(() => offered().length === 1);
    await rename(join(directory, 'a.wasm'), join(directory, 'b.wasm'));
    await until(() => file('b.wasm')?.status === 'loaded' && file('a.wasm') === undefined);
    assert.equal([offered(), changes()], [['greeter@1.0.0'], 1]);
  }));

test('a directory that vanishes takes nothing along, and is followed when it returns', () =>
  inWatched(async ({ directory, put, file, offered }) => {
    await put('greeter.wasm', await greeterVariant());
    await until(() => offered().length === 1);
    await rename(directory, `${directory}.away`);
    await new Promise((resolve) => setTimeout(resolve, 3 * TIMES.poll_ms));
    assert.equal(offered(), ['greeter@1.0.0']);
    await mkdir(directory);
    await put('welcome.wasm', await greeterVariant({ name: 'welcome' }));
    await until(() => file('welcome.wasm')?.status === 'loaded' && file('greeter.wasm') === undefined);
    assert.equal(offered(), ['welcome@1.0.0']);
  }));

test('many files at once are all judged, each for itself', () =>
  inWatched(async ({ put, handlers, offered }) => {
    const names = ['greeter', 'welcome', 'goodbye'];
    await Promise.all([
      ...names.map(async (name) => put(`${name}.wasm`, await greeterVariant({ name }))),
      ...Array.from({ length: 30 }, (_, index) => put(`junk${index}.wasm`, Buffer.from(`junk ${index}`))),
    ]);
    await until(() => handlers.files().length === 33);
    assert.equal(offered(), ['goodbye@1.0.0', 'greeter@1.0.0', 'welcome@1.0.0']);
    assert.is(handlers.files().filter(({ status }) => status === 'refused').length, 30);
  }));

test('what cannot be read as a file is refused: too large, a link out, a folder, no rights; dot files are nothing', () =>
  inWorld(async ({ directory, handlers, put, file, offered }) => {
    const outside = await put('../outside.wasm', await greeterVariant());
    await put('inside.wasm', await greeterVariant());
    await symlink(outside, join(directory, 'out.wasm'));
    await symlink('inside.wasm', join(directory, 'within.wasm'));
    await symlink('nowhere', join(directory, 'dangling.wasm'));
    await mkdir(join(directory, 'folder.wasm'));
    await writeFile(join(directory, 'large.wasm'), '');
    await truncate(join(directory, 'large.wasm'), COMPONENT_BYTES_MAX + 1);
    await put('.partial.wasm', Buffer.from('half'));
    await put('README.md', Buffer.from('not ours'));
    const locked = await put('locked.wasm', await greeterVariant());
    await chmod(locked, 0);
    await handlers.load();
    assert.equal(offered(), ['greeter@1.0.0']);
    const codes = handlers.files().map((each) => [each.file.slice(directory.length + 1), codeOf(each) ?? each.status]);
    // Whoever is root reads everything.
    const lockedCode = process.getuid?.() === 0 ? 'loaded' : 'component_unreadable';
    assert.equal(codes, [
      ['dangling.wasm', 'component_unreadable'],
      ['folder.wasm', 'component_unreadable'],
      ['inside.wasm', 'loaded'],
      ['large.wasm', 'component_too_large'],
      ['locked.wasm', lockedCode],
      ['out.wasm', 'component_unreadable'],
      ['within.wasm', 'loaded'],
    ]);
    assert.match(file('out.wasm')!.diagnostics[0]!.message, 'out of its directory');
  }));

test('imports beyond the grants are refused; a grant is for all, for names, or for a directory', async () => {
  const grantsFor = (directory: string): readonly (readonly [readonly HandlerGrant[], boolean])[] => [
    [[], false],
    [[{ imports: ['http'] }], true],
    [[{ imports: ['mail'] }], false],
    [[{ imports: ['http'], handlers: ['greeter'] }], true],
    [[{ imports: ['http'], handlers: ['welcome'] }], false],
    [[{ imports: ['http'], directory: `${directory}/` }], true],
    [[{ imports: ['http'], directory: dirname(directory) }], false],
  ];
  for (let index = 0; index < grantsFor('').length; index++) {
    const grants: HandlerGrant[] = [];
    await inWorld(async ({ directory, handlers, put, file }) => {
      const [given, isGranted] = grantsFor(directory)[index]!;
      grants.push(...given);
      await put('greeter.wasm', await greeterVariant());
      await handlers.load();
      assert.is(
        codeOf(file('greeter.wasm')),
        isGranted ? undefined : 'handler_import_not_granted',
        JSON.stringify(given),
      );
    }, grants);
  }
});

test('an example that does not give its result refuses the component', () =>
  inWorld(async ({ handlers, put, file, offered }) => {
    await put('liar.wasm', await greeterVariant({ word: 'howdy' }));
    await handlers.load();
    const { stage, diagnostics } = file('liar.wasm')!;
    assert.equal([stage, diagnostics.length, offered().length], ['examples', 1, 0]);
    assert.is(diagnostics[0]!.pointer, '/composition/examples/0');
    assert.match(diagnostics[0]!.message, 'by name');
  }));

test('plugins are asked about those that come late as well', () =>
  inWatched(async ({ put, file, hooks, offered }) => {
    hooks.forPlugin('quiet').catalogRegistration.tap(({ name }) => {
      if (name === 'goodbye') throw new Error('a tap that fails');
      return name === 'greeter' ? 'we do not greet' : undefined;
    });
    await put('greeter.wasm', await greeterVariant());
    await put('welcome.wasm', await greeterVariant({ name: 'welcome' }));
    await put('goodbye.wasm', await greeterVariant({ name: 'goodbye' }));
    await until(() => ['greeter', 'welcome', 'goodbye'].every((name) => file(`${name}.wasm`) !== undefined));
    const refused = 'handler_refused_by_plugin';
    assert.equal([codeOf(file('greeter.wasm')), codeOf(file('goodbye.wasm'))], [refused, refused]);
    assert.equal(offered(), ['welcome@1.0.0']);
  }));

test('at a start the first of two files with one version wins, in order of their names', () =>
  inWorld(async ({ handlers, put, file, catalog }) => {
    await put('a.wasm', await greeterVariant({ mark: 'a' }));
    await put('b.wasm', await greeterVariant({ mark: 'b' }));
    await handlers.load();
    assert.equal([file('a.wasm')!.status, codeOf(file('b.wasm'))], ['loaded', 'handler_version_taken']);
    assert.is(catalog.resolve('greeter', '')!.digest, file('a.wasm')!.offers[0]!.digest);
  }));

test('a directory that is not there at a start is an error', () =>
  inWorld(async ({ directory, handlers }) => {
    await rm(directory, { recursive: true });
    const error = await handlers.load().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.is((error as WeftError).code, 'handlers_unreadable');
  }));
