import { type FSWatcher, watch } from 'node:fs';
import { dirname, sep } from 'node:path';

/** Editors write a file in several steps. */
const QUIET_MS = 40;

/** Tells when sources change. */
export interface SourceWatch {
  /** Resolves at the next change, once it is quiet again; at once when there was one since the last call. */
  changed(): Promise<void>;
  /** Watches the folders of these files as well. */
  follow(files: readonly string[]): void;
  close(): void;
}

/** Watches a handler's folder, all of it. */
export function watchSources(folder: string): SourceWatch {
  const watchers = new Map<string, FSWatcher>();
  let waiting: (() => void) | undefined;
  let pending = false;
  let timer: NodeJS.Timeout | undefined;
  add(folder, true);

  return {
    changed: () =>
      new Promise((resolve) => {
        waiting = resolve;
        settle();
      }),
    follow(files) {
      for (const file of files) {
        const directory = dirname(file);
        if (directory !== folder && !directory.startsWith(folder + sep)) add(directory, false);
      }
    },
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };

  function add(directory: string, recursive: boolean): void {
    if (watchers.has(directory)) return;
    const watcher = watch(directory, { recursive }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        pending = true;
        settle();
      }, QUIET_MS);
    });
    // The folder is gone: the next build says so.
    watcher.on('error', () => watchers.delete(directory));
    watchers.set(directory, watcher);
  }

  function settle(): void {
    if (!pending || waiting === undefined) return;
    pending = false;
    const resolve = waiting;
    waiting = undefined;
    resolve();
  }
}
