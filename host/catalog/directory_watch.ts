import { type FSWatcher, type Stats, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Tells that something may have happened in a directory. */
export interface DirectoryWatch {
  /** Watches the directory that is there now, which may be another one than before. Never rejects. */
  renew(): Promise<void>;
  close(): void;
}

/**
 * A hint, no more: file systems of networks tell nothing, queues of events overflow, and a directory that is replaced takes
 * its watch along. Whoever needs certainty looks from time to time, and renews the watch when it does.
 */
export function watchDirectory(directory: string, onHint: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  let watched: string | undefined;
  let closed = false;

  const forget = (): void => {
    watcher?.close();
    watcher = undefined;
    watched = undefined;
  };

  return {
    async renew() {
      const found = await stat(directory).catch(() => undefined);
      const identity = found === undefined ? undefined : identityOf(found);
      if (closed || identity === watched) return;
      forget();
      if (identity === undefined) return;
      try {
        watcher = watch(directory, { persistent: false }, onHint);
        watcher.on('error', forget);
        watched = identity;
      } catch {
        // Too many watches, or gone again: looking from time to time finds what happens.
      }
    },
    close() {
      closed = true;
      forget();
    },
  };
}

function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return [dev, ino, birthtimeMs].join('/');
}
