import type { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import { DEAD_LETTER_TABLE } from './dead_letters.ts';

/** `application_id` of a store's file: "Weft". */
const APPLICATION_ID = 0x57656674;

/** SQLITE_NOTADB. */
export const NOT_A_DATABASE = 26;

/**
 * How a store came to its present schema; `PRAGMA user_version` counts the entries that a file has been through.
 * An entry that was released never changes.
 *
 * - `journal`: a row holds the events of one commit as a JSON array, numbered from `seq`. A rowid table, so that
 *   commits of many tasks append to the same page.
 * - `task`: the task list; its row changes only when something in it did.
 * - `dead_letter`: its rows stay when they are closed.
 * - `snapshot`: one for each long task. A rowid table, since its rows are large.
 * - `retention_act`: what outlives the tasks that it is about.
 * - A table has a column `task_id` when its rows go with that task, and no other table has one: removal goes by it.
 * - `blob`, `blob_data`: large values by digest; what changes of them stands apart from their bytes. `refs` counts the
 *   rows of `blob_ref`, and triggers keep it true whatever changes those. `put_at` is when somebody last left the value
 *   without referring to it, 0 when nobody did. A dispatch's references go when its row changes or goes.
 * - The rest is rowless: found by (task, step), listed by the one index each has. `dispatch` has none since version 6:
 *   every step makes and removes a row there.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE journal (
    task_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    version INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (task_id, seq)
  ) STRICT;

  CREATE TABLE task (
    task_id TEXT NOT NULL PRIMARY KEY,
    template_name TEXT NOT NULL,
    template_version TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    namespace TEXT NOT NULL,
    status TEXT NOT NULL,
    paused INTEGER NOT NULL,
    submitted_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    settled_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX task_by_age ON task (created_at, task_id);
  CREATE INDEX task_by_status ON task (status, created_at, task_id);
  CREATE INDEX task_by_template ON task (template_name, created_at, task_id);
  CREATE INDEX task_by_namespace ON task (namespace, created_at, task_id);

  CREATE TABLE dispatch (
    task_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    activation INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    enqueued_at INTEGER NOT NULL,
    PRIMARY KEY (task_id, step_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dispatch_by_age ON dispatch (enqueued_at, task_id, step_id);

  CREATE TABLE timer (
    task_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    activation INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (task_id, step_id, kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timer_by_time ON timer (at, task_id, step_id, kind, name);

  CREATE TABLE waiting (
    task_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    step_name TEXT NOT NULL,
    template_name TEXT NOT NULL,
    request TEXT NOT NULL,
    signals TEXT NOT NULL,
    since INTEGER NOT NULL,
    next_deadline_at INTEGER,
    PRIMARY KEY (task_id, step_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waiting_by_age ON waiting (since, task_id, step_id);

  CREATE TABLE template (
    digest TEXT NOT NULL PRIMARY KEY,
    template TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    task_id TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    PRIMARY KEY (namespace, key)
  ) STRICT, WITHOUT ROWID;
  `,
  DEAD_LETTER_TABLE,
  `
  CREATE TABLE snapshot (
    task_id TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    template_digest TEXT NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  `,
  `
  CREATE INDEX task_by_settlement ON task (status, settled_at, task_id) WHERE settled_at IS NOT NULL;
  CREATE INDEX idempotency_by_task ON idempotency (task_id);

  CREATE TABLE retention_act (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    act TEXT NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    details TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE blob (
    digest TEXT NOT NULL PRIMARY KEY,
    bytes INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    put_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blob_unreferenced ON blob (put_at) WHERE refs = 0;
  CREATE TABLE blob_data (
    digest TEXT NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
  ) STRICT;
  CREATE TRIGGER blob_removed AFTER DELETE ON blob BEGIN
    DELETE FROM blob_data WHERE digest = old.digest;
  END;

  CREATE TABLE blob_ref (
    task_id TEXT NOT NULL,
    holder TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (task_id, holder, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER blob_held AFTER INSERT ON blob_ref BEGIN
    UPDATE blob SET refs = refs + 1 WHERE digest = new.digest;
  END;
  CREATE TRIGGER blob_released AFTER DELETE ON blob_ref BEGIN
    UPDATE blob SET refs = refs - 1 WHERE digest = old.digest;
  END;
  CREATE TRIGGER dispatch_changed AFTER UPDATE ON dispatch BEGIN
    DELETE FROM blob_ref WHERE task_id = old.task_id AND holder = old.step_id;
  END;
  CREATE TRIGGER dispatch_answered AFTER DELETE ON dispatch BEGIN
    DELETE FROM blob_ref WHERE task_id = old.task_id AND holder = old.step_id;
  END;
  `,
  'DROP INDEX dispatch_by_age;',
];

/**
 * The schema version of a database, 0 for an empty one. Reads only.
 * @throws store_foreign when it is a database of something else, store_schema_newer
 */
export function schemaVersion(db: DatabaseSync, path: string): number {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  const { application_id } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  const empty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!empty && application_id !== APPLICATION_ID) {
    throw new WeftError('store_foreign', { path, problem: 'a SQLite database of another application' });
  }
  if (version > MIGRATIONS.length) {
    throw new WeftError('store_schema_newer', { path, found: version, known: MIGRATIONS.length });
  }
  return version;
}

/** Brings a database from a schema version to the present one, each step in a transaction of its own. */
export function migrate(db: DatabaseSync, from: number): void {
  for (let version = from; version < MIGRATIONS.length; version++) {
    db.exec(`
      BEGIN IMMEDIATE;
      PRAGMA application_id = ${APPLICATION_ID};
      ${MIGRATIONS[version]!}
      PRAGMA user_version = ${version + 1};
      COMMIT;
    `);
  }
}
