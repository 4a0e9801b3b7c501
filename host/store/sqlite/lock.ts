import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import { storeError } from './errors.ts';

/** SQLITE_BUSY. */
export const BUSY = 5;

/** The right to use a store. */
export interface StoreLock {
  release(): void;
}

/**
 * Makes this process the only owner of the store at `path`. The lock is SQLite's own, on a second database beside the
 * store, so the operating system takes it back from a process that dies, however it dies. `<path>.pid` only tells
 * people who the owner is.
 * @throws store_locked
 */
export function lockStore(path: string): StoreLock {
  const pidFile = `${path}.pid`;
  const holder = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    holder.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    holder.close();
    if ((error as { errcode?: number }).errcode === BUSY) {
      throw new WeftError('store_locked', { path, holder: holderIn(pidFile) });
    }
    throw storeError(error);
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      rmSync(pidFile, { force: true });
      holder.close();
    },
  };
}

/** The owner that a pid file names, for people. */
export function holderIn(pidFile: string): string {
  try {
    return `process ${Number.parseInt(readFileSync(pidFile, 'utf8'), 10)}`;
  } catch {
    return 'another process';
  }
}
