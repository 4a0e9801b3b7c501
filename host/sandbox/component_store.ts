import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Capability } from '../../kernel/capability/types.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { type CheckedComponent, checkShape, checkSize } from './component_check.ts';
import { describeComponent } from './describe.ts';
import type { LoadedComponent } from './port.ts';
import { type ComponentShape, readComponent } from './structure/component_reader.ts';
import { ComponentRefusal } from './structure/refusal.ts';
import { TRANSPILER_VERSION, type Transpile, transpile as transpileOnce } from './transpiler.ts';

export interface ComponentStoreOptions {
  /** Made when it does not exist. Cells may read all of it. */
  readonly cacheDirectory: string;
  readonly component_bytes_max: number;
  /** Of linear memory; a component that starts with more is refused. */
  readonly memory_bytes_max: number;
  /** What a component's `describe` may take; 10 s when absent. */
  readonly describe_ms_max?: number;
  /** Gives back what is a capability; throws, naming every problem, when it is none. */
  readonly validateCapability: (value: Json) => Capability;
  /** In place of a process for each component: for who transpiles one after the other. */
  readonly transpile?: Transpile;
}

/**
 * The last check of a component, of its behaviour: it may run what `transpile` left in the directory, in a cell. Done once
 * for the same bytes; what it gives is kept with them. Throws when the component is refused.
 */
export type Trial = (directory: string, capability: Capability) => Promise<Json>;

/** The components that can be run here. */
export interface ComponentStore {
  /** Every transpiled component is in a directory below this one. */
  readonly directory: string;
  /**
   * Checks a component, transpiles it and asks it for its capability — from the cache when these bytes were loaded
   * before — and makes it available to cells. None of its code runs outside a confined process.
   *
   * @throws component_refused when the bytes are not a component that may run here, its `stage` being `structure`,
   * `translation`, `description` or `imports`; component_cache_unavailable; and what `validateCapability` and `trial` throw.
   */
  load(bytes: Uint8Array, trial?: Trial): Promise<LoadedComponent>;
  /**
   * Makes every component available that was loaded by an earlier process and is not loaded now: steps stay pinned to
   * the bytes they began with when a handler is rebuilt or taken away.
   */
  keepEarlier(): Promise<readonly LoadedComponent[]>;
  /** What was loaded is from now on only kept: cells still find it, and it may be discarded. */
  release(digest: string): void;
  /** What is kept and not loaded. */
  kept(): readonly KeptComponent[];
  /**
   * Deletes components that have been kept all the time since `kept` told of them.
   * @throws component_cache_unavailable
   */
  discard(components: readonly KeptComponent[]): Promise<void>;
  /** Where cells find a loaded or kept component; undefined when there is none with this digest. */
  locate(digest: string): string | undefined;
  /** Of the loaded ones, in the order of loading. */
  digests(): readonly string[];
}

/** A component that steps may still be pinned to. */
export interface KeptComponent {
  readonly digest: string;
  readonly directory: string;
}

const STAGING_PREFIX = '.staging-';
const STAGING_AGE_MS_MAX = 60 * 60 * 1000;
const CAPABILITY_FILE = 'capability.json';
const TRIAL_FILE = 'trial.json';
/** What reading every byte of it came to. */
const SHAPE_FILE = 'shape.json';
const DIGEST_HEX = /^[0-9a-f]{64}$/;
/** Each transpiler is a process of some 200 MB. */
const TRANSPILERS_MAX = 2;

/** A component that passed the check and is not in the cache. */
interface Preparing {
  readonly bytes: Uint8Array;
  readonly shape: ComponentShape;
  readonly checked: CheckedComponent;
  readonly digest: string;
  readonly home: string;
  readonly trial: Trial | undefined;
}

/** @throws component_cache_unavailable when the directory can't be made or read */
export async function openComponentStore(options: ComponentStoreOptions): Promise<ComponentStore> {
  const {
    component_bytes_max,
    memory_bytes_max,
    describe_ms_max,
    validateCapability,
    transpile = transpileOnce,
  } = options;
  const bounds = { component_bytes_max, memory_bytes_max };
  const directory = await inCache(options.cacheDirectory, () => openCache(options.cacheDirectory));
  const loaded = new Map<string, Promise<LoadedComponent>>();
  const available = new Map<string, string>();
  const kept = new Map<string, KeptComponent>();
  const turn = turnstile(TRANSPILERS_MAX);
  let discarding: Promise<void> = Promise.resolve();

  return {
    directory,
    load(bytes, trial) {
      const hex = createHash('sha256').update(bytes).digest('hex');
      let loading = loaded.get(hex);
      if (loading === undefined) {
        loading = load(bytes, hex, trial);
        loaded.set(hex, loading);
        // What failed may be tried again: a full disk is not forever.
        loading.catch(() => loaded.delete(hex));
      }
      return loading;
    },
    async keepEarlier() {
      const names = await inCache(directory, () => readdir(directory));
      const earlier = names.filter((name) => DIGEST_HEX.test(name) && !available.has(`sha256:${name}`));
      const found = await Promise.all(earlier.map(readKept));
      return found.filter((component) => component !== undefined);
    },
    release(digest) {
      const home = available.get(digest);
      if (home === undefined) return;
      available.delete(digest);
      kept.set(digest, { digest, directory: home });
      loaded.delete(digest.slice('sha256:'.length));
    },
    kept: () => [...kept.values()],
    discard(components) {
      discarding = discarding.then(() => inCache(directory, () => discard(components)));
      const done = discarding;
      discarding = discarding.catch(() => undefined);
      return done;
    },
    locate: (digest) => available.get(digest) ?? kept.get(digest)?.directory,
    digests: () => [...available.keys()],
  };

  async function load(bytes: Uint8Array, hex: string, trial?: Trial): Promise<LoadedComponent> {
    const digest = `sha256:${hex}`;
    const home = join(directory, hex);
    await orRefuse(digest, 'structure', () => checkSize(bytes.length, bounds));
    // What is being discarded is not found half gone.
    await discarding;
    const known = await readCached<ComponentShape>(join(home, SHAPE_FILE));
    const shape = known ?? (await orRefuse(digest, 'structure', () => readComponent(bytes)));
    const checked = await orRefuse(digest, 'structure', () => checkShape(shape, bounds));
    const preparing = { bytes, shape, checked, digest, home, trial };
    const described =
      (known && (await readCached<Json>(join(home, CAPABILITY_FILE)))) ?? (await turn(() => prepare(preparing)));
    const capability = accept(described, checked, digest);
    const tried =
      (await readCached<Json>(join(home, TRIAL_FILE))) ?? (await turn(() => tryOut(home, capability, trial)));
    available.set(digest, home);
    kept.delete(digest);
    return { digest, capability, trial: tried };
  }

  /** Leaves what the trial gave beside the component. */
  async function tryOut(home: string, capability: Capability, trial: Trial | undefined): Promise<Json> {
    if (trial === undefined) return null;
    const tried = await trial(home, capability);
    await inCache(directory, async () => {
      // Under another name first: half of a file is none.
      const file = join(home, `${TRIAL_FILE}.${process.pid}`);
      await writeFile(file, JSON.stringify(tried));
      await rename(file, join(home, TRIAL_FILE));
    });
    return tried;
  }

  async function discard(components: readonly KeptComponent[]): Promise<void> {
    for (const component of components) {
      const { digest, directory: home } = component;
      const hex = digest.slice('sha256:'.length);
      // Whoever loads it now needs it; and between then and now it may have been loaded, and steps pinned to it.
      if (kept.get(digest) !== component || loaded.has(hex)) continue;
      kept.delete(digest);
      const gone = join(directory, `${STAGING_PREFIX}${hex}`);
      await rename(home, gone);
      await rm(gone, { recursive: true, force: true });
    }
  }

  /** What is in the cache has passed every check; what says of itself something else today is left alone. */
  async function readKept(hex: string): Promise<LoadedComponent | undefined> {
    const home = join(directory, hex);
    const described = await readCached<Json>(join(home, CAPABILITY_FILE));
    if (described === undefined) return undefined;
    try {
      const capability = validateCapability(described);
      kept.set(`sha256:${hex}`, { digest: `sha256:${hex}`, directory: home });
      return { digest: `sha256:${hex}`, capability, trial: (await readCached<Json>(join(home, TRIAL_FILE))) ?? null };
    } catch {
      return undefined;
    }
  }

  /** Fills `home` at once, or not at all: a component that is there has passed every check. */
  async function prepare({ bytes, shape, checked, digest, home, trial }: Preparing): Promise<Json> {
    const staging = await inCache(directory, () => mkdtemp(join(directory, STAGING_PREFIX)));
    try {
      await orRefuse(digest, 'translation', () => transpile(bytes, checked.versions, staging));
      const described = await orRefuse(digest, 'description', () =>
        describeComponent(staging, memory_bytes_max, describe_ms_max),
      );
      await tryOut(staging, accept(described, checked, digest), trial);
      await inCache(directory, async () => {
        await writeFile(join(staging, SHAPE_FILE), JSON.stringify(shape));
        await writeFile(join(staging, CAPABILITY_FILE), JSON.stringify(described));
        await moveInto(home, staging);
      });
      return described;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  function accept(described: Json, { imports }: CheckedComponent, digest: string): Capability {
    const capability = validateCapability(described);
    const undeclared = imports.filter((name) => !capability.imports.includes(name));
    if (undeclared.length > 0) {
      const problem = `it imports ${undeclared.join(', ')}, which its capability does not declare in "imports"`;
      throw new WeftError('component_refused', { digest, problem, stage: 'imports', rule: 'world' });
    }
    return capability;
  }
}

async function openCache(cacheDirectory: string): Promise<string> {
  const made = join(cacheDirectory, TRANSPILER_VERSION);
  await mkdir(made, { recursive: true });
  const directory = await realpath(made);
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!name.startsWith(STAGING_PREFIX)) continue;
    // Left by a process that died; a younger one may still be at work.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > STAGING_AGE_MS_MAX) await rm(path, { recursive: true, force: true });
  }
  return directory;
}

/** Makes a finished directory the home of its component; after a power cut it is whole or not there. */
async function moveInto(home: string, staging: string): Promise<void> {
  for (const name of await readdir(staging)) await flush(join(staging, name));
  try {
    await rename(staging, home);
  } catch {
    // Another process was first: what it made of the same bytes is as good, unless it is damaged.
    if ((await readCached<Json>(join(home, CAPABILITY_FILE))) !== undefined) return;
    await rm(home, { recursive: true, force: true });
    await rename(staging, home);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

/** What this store wrote there; undefined when it is not there or damaged. */
async function readCached<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function orRefuse<T>(digest: string, stage: string, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (cause) {
    if (!(cause instanceof ComponentRefusal)) throw cause;
    throw new WeftError('component_refused', { digest, problem: cause.message, stage, rule: cause.rule }, { cause });
  }
}

async function inCache<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new WeftError(
      'component_cache_unavailable',
      { directory, problem: (error as Error).message },
      { cause: error },
    );
  }
}

/** Lets at most `width` of the works given to it run at once. */
function turnstile(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
