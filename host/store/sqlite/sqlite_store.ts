import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from 'pino';
import { WeftError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { JournalEntry, TaskEvent, TaskStatus } from '../../../kernel/task/events.ts';
import { type Faults, NO_FAULTS } from '../../faults.ts';
import type { Store } from '../port.ts';
import { createBlobs } from './blobs.ts';
import { connect } from './connection.ts';
import { createDeadLetterReader } from './dead_letters.ts';
import { read } from './errors.ts';
import { GroupCommit } from './group_commit.ts';
import { createListings, toSummary } from './listings.ts';
import { lockStore } from './lock.ts';
import { createRetention } from './retention.ts';
import { createSnapshots } from './snapshots.ts';
import { createWriter } from './writer.ts';

/** Where a SQLite store is and who hears of it. */
export interface SqliteStoreOptions {
  /** The database file; `-wal`, `-shm`, `.lock` and `.pid` stand beside it. Its directory is made when missing. */
  readonly path: string;
  readonly logger?: Pick<Logger, 'info'>;
  readonly faults?: Faults;
}

/**
 * Opens the store in a file, or makes it. One process owns it at a time, and commits are durable when they resolve.
 *
 * Fault points: `store.before_commit`, `store.in_transaction` (not awaited), `store.after_commit_before_resolve`.
 * @throws store_locked, store_schema_newer, store_foreign, store_unavailable, store_corrupt
 */
export async function openSqliteStore({ path: given, logger, faults }: SqliteStoreOptions): Promise<Store> {
  const path = resolve(given);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = lockStore(path);
  try {
    const db = connect(path, (from, to) => logger?.info({ path, from, to }, 'the store has a new schema'));
    return createStore(db, faults ?? NO_FAULTS, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createStore(db: DatabaseSync, faults: Faults, release: () => void): Store {
  const group = new GroupCommit(db, faults);
  const write = createWriter(db);
  const listings = createListings(db);
  const deadLetters = createDeadLetterReader(db);
  const journal = db.prepare('SELECT seq, version, events FROM journal WHERE task_id = ? AND seq > ? ORDER BY seq');
  // From the entry that holds the event after `after_seq`; as many entries as events are wanted are always enough.
  const journalAfter = db.prepare(
    `SELECT seq, version, events FROM journal
      WHERE task_id = ?1 AND seq >= coalesce((SELECT max(seq) FROM journal WHERE task_id = ?1 AND seq <= ?2 + 1), 0)
      ORDER BY seq LIMIT ?3`,
  );
  const summary = db.prepare('SELECT * FROM task WHERE task_id = ?');
  const counts = db.prepare('SELECT status, count(*) AS tasks FROM task GROUP BY status');
  const key = db.prepare('SELECT task_id, body_digest FROM idempotency WHERE namespace = ? AND key = ?');
  const addTemplate = db.prepare('INSERT INTO template VALUES (?, ?) ON CONFLICT DO NOTHING');
  const template = db.prepare('SELECT template FROM template WHERE digest = ?');
  const nextTimer = db.prepare('SELECT min(at) AS at FROM timer WHERE at > ?');
  let closed = false;

  return {
    async commit(commit) {
      const events = JSON.stringify(commit.events);
      await group.write(() => write(commit, events));
    },
    readJournal: (task_id, after_seq = 0) =>
      read(() => journal.all(task_id, after_seq).map((row) => entryOf(task_id, row as unknown as Entry))),
    readEvents: (task_id, after_seq, limit) =>
      read(() =>
        journalAfter
          .all(task_id, after_seq, limit)
          .flatMap((row) => numbered(entryOf(task_id, row as unknown as Entry)))
          .filter(({ seq }) => seq > after_seq)
          .slice(0, limit),
      ),
    readSummary: (task_id) =>
      read(() => {
        const row = summary.get(task_id);
        return row === undefined ? undefined : toSummary(row);
      }),
    listTasks: (query) => read(() => listings.listTasks(query)),
    countTasks: () =>
      read(() => Object.fromEntries(counts.all().map((row) => [row['status'] as TaskStatus, row['tasks'] as number]))),
    findIdempotent: (namespace, wanted) =>
      read(() => {
        const row = key.get(namespace, wanted) as { task_id: string; body_digest: string } | undefined;
        return row === undefined ? undefined : { ...row };
      }),
    async putTemplate(digest, document) {
      const text = JSON.stringify(document);
      const known = await read(() => template.get(digest) !== undefined);
      if (!known) await group.write(() => addTemplate.run(digest, text));
    },
    getTemplate: (digest) =>
      read(() => {
        const row = template.get(digest) as { template: string } | undefined;
        return row === undefined ? undefined : (JSON.parse(row.template) as JsonObject);
      }),
    listDispatches: (query) => read(() => listings.listDispatches(query)),
    dueTimers: (now, limit) => read(() => listings.dueTimers(now, limit)),
    nextTimerAt: (after) => read(() => (nextTimer.get(after)!['at'] as number | null) ?? undefined),
    listWaiting: (query) => read(() => listings.listWaiting(query)),
    listDeadLetters: (query) => read(() => deadLetters.list(query)),
    readDeadLetter: (task_id, step_id) => read(() => deadLetters.read(task_id, step_id)),
    countDeadLetters: () => read(() => deadLetters.count()),
    ...createSnapshots(db, group),
    ...createRetention(db, group),
    listSettled: (query) => read(() => listings.listSettled(query)),
    ...createBlobs(db, group),
    async close() {
      if (closed) return;
      closed = true;
      await group.close();
      db.close();
      release();
    },
  };
}

interface Entry {
  readonly seq: number;
  readonly version: number;
  readonly events: string;
}

function entryOf(task_id: string, { seq, version, events }: Entry): JournalEntry {
  try {
    return { version: version as 1, seq, events: JSON.parse(events) as TaskEvent[] };
  } catch (cause) {
    const problem = `entry ${seq} of the journal of task "${task_id}" is not JSON`;
    throw new WeftError('store_corrupt', { problem }, { cause });
  }
}

function numbered({ seq, events }: JournalEntry): { seq: number; event: TaskEvent }[] {
  return events.map((event, i) => ({ seq: seq + i, event }));
}
