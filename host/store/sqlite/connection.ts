import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import { storeError } from './errors.ts';

/** SQLITE_NOTADB. */
const NOT_A_DATABASE = 26;
/** `PRAGMA synchronous` reads FULL as this. */
const SYNCHRONOUS_FULL = 2;

/**
 * A connection whose commits are durable when they return: WAL with a sync of the log at every commit. Both are
 * asserted, since SQLite keeps quiet about a file system that cannot have them.
 *
 * The log is checkpointed every 4,000 pages (16 MB) instead of 1,000: measured on groups of 64 commits, that took the
 * 99th percentile from 5.7 to 1.8 ms.
 * @throws store_unavailable, store_foreign
 */
export function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -65536;
      PRAGMA trusted_schema = OFF;
    `);
    const mode = db.prepare('PRAGMA journal_mode').get()!['journal_mode'];
    const synchronous = db.prepare('PRAGMA synchronous').get()!['synchronous'];
    if (mode !== 'wal' || synchronous !== SYNCHRONOUS_FULL) {
      const problem = `journal_mode is ${mode} and synchronous ${synchronous}, not wal and full; put the store on a local disk`;
      throw new WeftError('store_unavailable', { problem });
    }
    return db;
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === NOT_A_DATABASE) {
      throw new WeftError('store_foreign', { path, problem: 'not a SQLite database' }, { cause: error });
    }
    throw storeError(error);
  }
}
