import { readSync } from 'node:fs';
import { isMainThread, Worker } from 'node:worker_threads';

/**
 * Ties this process to its parent's life, even while a guest loops: a thread waits on stdin, a pipe of which only the
 * parent holds the other end, and kills the process when it closes. Gives up the right to start further threads,
 * which would start without this process's restrictions.
 */
export function startLifeline(): void {
  new Worker(new URL(import.meta.url), { stdin: false, resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
  renounceThreads();
}

/** After this no thread can be started. */
export function renounceThreads(): void {
  process.permission.drop('worker');
}

if (!isMainThread) {
  try {
    while (readSync(0, new Uint8Array(1)) > 0);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
