import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import { storeError } from './errors.ts';
import { BUSY, holderIn } from './lock.ts';
import { MIGRATIONS, NOT_A_DATABASE, schemaVersion } from './migrations.ts';

/** A store as it is found, changed by nothing. */
export interface StoreInspection {
  readonly schema: number;
  /** The schema this Weft writes; an older store is brought to it when it is opened. */
  readonly schema_known: number;
  readonly tasks: number;
  /** When the newest task was made, in milliseconds since 1970; null without tasks. */
  readonly newest_task_at: number | null;
  /** Who owns it, as far as that is known; null when nobody does. */
  readonly holder: string | null;
}

/**
 * Looks at a store without owning it; undefined when there is none.
 * @throws store_foreign, store_schema_newer, store_unavailable, store_corrupt
 */
export function inspectStore(path: string): StoreInspection | undefined {
  if (!existsSync(path)) return undefined;
  const holder = lockHolder(path);
  try {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      const schema = schemaVersion(db, path);
      const newest = 'SELECT count(*) AS tasks, max(created_at) AS newest FROM task';
      const { tasks, newest: newest_task_at } =
        schema === 0
          ? { tasks: 0, newest: null }
          : (db.prepare(newest).get() as { tasks: number; newest: number | null });
      return { schema, schema_known: MIGRATIONS.length, tasks, newest_task_at, holder };
    } finally {
      db.close();
    }
  } catch (error) {
    if ((error as { errcode?: number }).errcode === NOT_A_DATABASE) {
      throw new WeftError('store_foreign', { path, problem: 'not a SQLite database' }, { cause: error });
    }
    throw storeError(error);
  }
}

/** Whoever holds the lock keeps others from reading it, too. */
function lockHolder(path: string): string | null {
  const file = `${path}.lock`;
  if (!existsSync(file)) return null;
  const lock = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    lock.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
    return null;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === BUSY) return holderIn(`${path}.pid`);
    throw error;
  } finally {
    lock.close();
  }
}
