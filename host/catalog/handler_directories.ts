import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { ComponentStore } from '../sandbox/component_store.ts';
import { type FoundFile, foundFile, lookInto } from './component_file.ts';
import { type DirectoryWatch, watchDirectory } from './directory_watch.ts';
import type { HandlerFile, OfferedHandler } from './handler_files.ts';
import { joinCatalog, type LoadContext, type PreparedComponent, prepareComponent } from './load_component.ts';
import { Refusal } from './refusal.ts';

/** A directory of components. */
export interface HandlerDirectory {
  readonly path: string;
  /** Of Weft itself: every component must load, needs no grants, and is not watched. */
  readonly builtIn: boolean;
}

export interface HandlerDirectoriesOptions extends LoadContext {
  readonly components: Pick<ComponentStore, 'load' | 'release'>;
  readonly directories: readonly HandlerDirectory[];
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** In place of the usual times, for tests. */
  readonly times?: WatchTimes;
}

/** In milliseconds. */
export interface WatchTimes {
  /** Between two looks that nothing caused. */
  readonly poll_ms: number;
  /** How long a file must be as it is before it is read: nobody writes to it any more. */
  readonly rest_ms: number;
  /** Until what failed for a reason outside the file is tried again. */
  readonly retry_ms: number;
}

const TIMES: WatchTimes = { poll_ms: 5_000, rest_ms: 300, retry_ms: 30_000 };
/** Components that are looked at at once: each is in memory meanwhile. */
const WIDTH = 2;
/** The stamp of a file that is not there. */
const GONE = 'gone';

/** A file as it was judged, and as it was seen since. */
interface Known {
  readonly file: HandlerFile | undefined;
  /** Of the judged content; undefined when there is none yet, or when it must be judged again. */
  readonly judged: string | undefined;
  readonly retry_at: number | undefined;
}

/** What became of a look at a component: ready to join, or refused. */
type Verdict = { readonly prepared: PreparedComponent } | { readonly refused: Refusal; readonly passing: boolean };

/**
 * Keeps the catalog as the directories say. A file that appears or changes is judged once it rests; it joins the catalog,
 * or it is refused and changes nothing. What a file offered stays offered until the file is removed: overwriting a component
 * takes nothing away from templates that use it. A directory that cannot be read changes nothing either.
 */
export class HandlerDirectories {
  readonly #options: HandlerDirectoriesOptions;
  readonly #times: WatchTimes;
  readonly #known = new Map<string, Known>();
  /** Files that are not as they were judged: how they look now, and since when. */
  readonly #unrested = new Map<string, { readonly stamp: string; readonly since: number }>();
  readonly #unreadable = new Map<string, string>();
  #watches: DirectoryWatch[] = [];
  #closing: AbortController | undefined;
  #watching: Promise<void> | undefined;
  #wake: () => void = () => undefined;

  constructor(options: HandlerDirectoriesOptions) {
    this.#options = options;
    this.#times = options.times ?? TIMES;
  }

  /**
   * Judges what is there now, in the order of the directories and of the names in them.
   * @throws handlers_unreadable when a directory cannot be read, or one of Weft's own components is refused
   */
  async load(): Promise<void> {
    const judging: { readonly directory: HandlerDirectory; readonly found: FoundFile }[] = [];
    for (const directory of this.#options.directories) {
      const found = await lookInto(directory.path);
      if (found.kind === 'unreadable') {
        throw new WeftError('handlers_unreadable', { path: directory.path, problem: found.problem });
      }
      judging.push(...found.files.map((file) => ({ directory, found: file })));
    }
    const verdicts = await inParallel(judging, WIDTH, ({ directory, found }) => this.#judge(found.path, directory));
    for (const [index, { directory, found }] of judging.entries()) {
      this.#conclude(found, directory, verdicts[index]!);
      const refused = this.#known.get(found.path)?.file;
      if (directory.builtIn && refused?.status === 'refused') {
        const problem = refused.diagnostics.map(({ message }) => message).join('; ');
        throw new WeftError('handlers_unreadable', { path: found.path, problem }, { diagnostics: refused.diagnostics });
      }
    }
  }

  /** From now on follows what happens in the directories. `onChange` is called whenever the catalog has changed. */
  watch(onChange: () => void): void {
    this.#closing = new AbortController();
    const own = this.#options.directories.filter(({ builtIn }) => !builtIn);
    if (own.length === 0) return;
    this.#watches = own.map(({ path }) => watchDirectory(path, () => this.#wake()));
    this.#watching = this.#follow(own, onChange, this.#closing.signal);
  }

  /** Sorted by name of file. */
  files(): readonly HandlerFile[] {
    return [...this.#known.values()].flatMap(({ file }) => file ?? []).sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** Takes nothing up any more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closing?.abort();
    this.#wake();
    for (const each of this.#watches) each.close();
    await this.#watching;
  }

  async #follow(directories: readonly HandlerDirectory[], onChange: () => void, closing: AbortSignal): Promise<void> {
    while (!closing.aborted) {
      const hint = Promise.withResolvers<void>();
      this.#wake = hint.resolve;
      await Promise.all(this.#watches.map((each) => each.renew()));
      const before = this.#options.catalog.digest;
      try {
        for (const directory of directories) await this.#look(directory, closing);
      } catch (error) {
        this.#options.logger.error({ err: error }, 'the handler directories could not be looked at; trying again');
      }
      if (this.#options.catalog.digest !== before) onChange();
      if (closing.aborted) return;
      const { poll_ms, rest_ms } = this.#times;
      const ended = new AbortController();
      const pause = this.#unrested.size > 0 ? rest_ms : poll_ms;
      // A file at work hints all the time; what rests is what is waited for.
      const waits = [sleep(pause, undefined, { signal: ended.signal, ref: false }).catch(() => undefined)];
      await Promise.race(this.#unrested.size > 0 ? waits : [...waits, hint.promise]);
      ended.abort();
      // Hints come in crowds, and of files that are none of ours as well.
      await sleep(rest_ms / 3, undefined, { signal: closing }).catch(() => undefined);
    }
  }

  async #look(directory: HandlerDirectory, closing: AbortSignal): Promise<void> {
    const { path } = directory;
    const looked = await lookInto(path);
    if (looked.kind === 'unreadable') return this.#tellUnreadable(path, looked.problem);
    if (this.#unreadable.delete(path)) this.#options.logger.info({ directory: path }, 'a handler directory is back');
    const there = new Set(looked.files.map((file) => file.path));
    const missing = [...new Set([...this.#known.keys(), ...this.#unrested.keys()])]
      .filter((file) => dirname(file) === path && !there.has(file))
      .filter((file) => this.#hasRested({ path: file, stamp: GONE }));
    const rested = looked.files.filter((each) => this.#hasRested(each));
    await inParallel(rested, WIDTH, async (found) => {
      if (closing.aborted) return;
      const verdict = await this.#judge(found.path, directory);
      // It changed under the reader: what was read is neither the one nor the other.
      if ((await foundFile(found.path)).stamp !== found.stamp || closing.aborted) return;
      this.#unrested.delete(found.path);
      this.#conclude(found, directory, verdict);
    });
    // Last: what was only renamed is offered without a break.
    for (const file of missing) this.#remove(file);
  }

  /** Whether a file is another than it was judged to be, and has been so for long enough to be judged. */
  #hasRested({ path, stamp }: FoundFile): boolean {
    const { now } = this.#options;
    const known = this.#known.get(path);
    const isDue = known?.retry_at !== undefined && known.retry_at <= now();
    if (known?.judged === stamp && !isDue) {
      this.#unrested.delete(path);
      return false;
    }
    const seen = this.#unrested.get(path);
    if (seen?.stamp === stamp) return performance.now() - seen.since >= this.#times.rest_ms;
    this.#unrested.set(path, { stamp, since: performance.now() });
    return false;
  }

  async #judge(path: string, directory: HandlerDirectory): Promise<Verdict> {
    try {
      return { prepared: await prepareComponent(path, directory.path, this.#options, directory.builtIn) };
    } catch (error) {
      if (error instanceof Refusal) return { refused: error, passing: error.stage === 'read' };
      const message = `it could not be looked at: ${error instanceof Error ? error.message : String(error)}`;
      const refused = new Refusal('read', [diagnose('component_not_loaded', { pointer: '', message })], error);
      return { refused, passing: true };
    }
  }

  /** Lets a judged component join, or writes down why not. */
  #conclude(found: FoundFile, directory: HandlerDirectory, verdict: Verdict): void {
    const { catalog, logger } = this.#options;
    const before = this.#known.get(found.path)?.file;
    const joined = 'prepared' in verdict ? this.#join(verdict.prepared, directory) : verdict;
    const since = this.#options.now();
    if ('refused' in joined) {
      const { stage, diagnostics: bare } = joined.refused;
      const diagnostics = bare.map((each): Diagnostic => ({ ...each, file: found.path }));
      const file = {
        file: found.path,
        status: 'refused',
        since,
        offers: before?.offers ?? [],
        stage,
        diagnostics,
        examples: null,
      } as const;
      const again = before?.status === 'refused' && JSON.stringify(before.diagnostics) === JSON.stringify(diagnostics);
      const retry_at = joined.passing ? since + this.#times.retry_ms : undefined;
      this.#known.set(found.path, { file: again ? before : file, judged: found.stamp, retry_at });
      if (!again) logger.warn({ file: found.path, stage, diagnostics }, 'a component was refused');
      return;
    }
    const { entry, examples } = joined.prepared;
    const { name, version, digest } = entry;
    const offers = [...(before?.offers ?? []).filter((each) => each.digest !== digest), { name, version, digest }];
    const file: HandlerFile = {
      file: found.path,
      status: 'loaded',
      since,
      offers,
      stage: null,
      diagnostics: [],
      examples,
    };
    this.#known.set(found.path, { file, judged: found.stamp, retry_at: undefined });
    const level = directory.builtIn ? 'debug' : 'info';
    logger[level](
      { file: found.path, name, version, digest, examples, catalog: catalog.digest },
      'a handler was loaded',
    );
  }

  #join(prepared: PreparedComponent, { path, builtIn }: HandlerDirectory): Verdict {
    try {
      joinCatalog(prepared, path, this.#options, builtIn);
      return { prepared };
    } catch (error) {
      this.#releaseUnlessOffered(prepared.entry.digest);
      if (error instanceof Refusal) return { refused: error, passing: false };
      throw error;
    }
  }

  /** What only this file offered is offered no longer; steps that are pinned to it go on. */
  #remove(path: string): void {
    const { catalog, logger } = this.#options;
    const offers: readonly OfferedHandler[] = this.#known.get(path)?.file?.offers ?? [];
    this.#known.delete(path);
    this.#unrested.delete(path);
    const others = new Set(this.files().flatMap((file) => file.offers.map(({ digest }) => digest)));
    for (const { name, version, digest } of offers) {
      if (others.has(digest)) continue;
      catalog.withdraw(digest);
      this.#releaseUnlessOffered(digest);
      logger.info({ file: path, name, version, digest, catalog: catalog.digest }, 'a handler was withdrawn');
    }
  }

  #releaseUnlessOffered(digest: string): void {
    const { catalog, components } = this.#options;
    if (!catalog.offers(digest)) components.release(digest);
  }

  #tellUnreadable(directory: string, problem: string): void {
    if (this.#unreadable.get(directory) === problem) return;
    this.#unreadable.set(directory, problem);
    this.#options.logger.warn({ directory, problem }, 'a handler directory cannot be read; what it offered stays');
  }
}

/** The results in the order of the items. */
async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R> | R): Promise<R[]> {
  const results: R[] = [];
  const next = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of next) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
