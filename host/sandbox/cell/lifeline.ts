import { Socket } from 'node:net';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/**
 * Ties this process to its parent's life, even while a guest loops: a thread waits on a pipe of which only the parent
 * holds the other end, stdin unless that has another use, and kills the process when it closes. Gives up the right to
 * start further threads, which would start without this process's restrictions.
 */
export function startLifeline(fd = 0): void {
  const resourceLimits = { maxOldGenerationSizeMb: 8 };
  new Worker(new URL(import.meta.url), { stdin: false, resourceLimits, workerData: fd }).unref();
  process.permission.drop('worker');
}

if (!isMainThread) {
  // Read without blocking: a process that ends by itself waits for its threads.
  const parent = new Socket({ fd: workerData, readable: true, writable: false });
  parent.on('error', () => undefined);
  parent.on('close', () => process.kill(process.pid, 'SIGKILL'));
  parent.resume();
}
