import type { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import { EVENT_VERSION } from '../../../kernel/task/upcast.ts';
import type { TaskCommit } from '../port.ts';
import { createBlobHolder } from './blobs.ts';
import { createDeadLetterWriter } from './dead_letters.ts';

/**
 * Writes commits into an open transaction. Checks come first, so a commit that is refused has changed nothing and the
 * transaction goes on without it. `events` is the JSON text of the commit's events.
 */
export function createWriter(db: DatabaseSync): (commit: TaskCommit, events: string) => void {
  const lastEntry = db.prepare('SELECT seq, count FROM journal WHERE task_id = ? ORDER BY seq DESC LIMIT 1');
  const addEntry = db.prepare('INSERT INTO journal (task_id, seq, count, version, events) VALUES (?, ?, ?, ?, ?)');
  const findKey = db.prepare('SELECT task_id, body_digest FROM idempotency WHERE namespace = ? AND key = ?');
  const addKey = db.prepare('INSERT INTO idempotency (namespace, key, task_id, body_digest) VALUES (?, ?, ?, ?)');
  const setTask = db.prepare(
    `INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id) DO UPDATE SET
      status = excluded.status, paused = excluded.paused,
      updated_at = excluded.updated_at, settled_at = excluded.settled_at`,
  );
  // An update, not a replacement: its trigger releases what the dispatch before referred to.
  const setDispatch = db.prepare(
    `INSERT INTO dispatch VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (task_id, step_id) DO UPDATE SET
      attempt = excluded.attempt, activation = excluded.activation,
      namespace = excluded.namespace, enqueued_at = excluded.enqueued_at`,
  );
  const dropDispatch = db.prepare('DELETE FROM dispatch WHERE task_id = ? AND step_id = ?');
  const setTimer = db.prepare('REPLACE INTO timer VALUES (?, ?, ?, ?, ?, ?, ?)');
  const dropTimers = db.prepare('DELETE FROM timer WHERE task_id = ? AND step_id = ?');
  const setWaiting = db.prepare('REPLACE INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const dropWaiting = db.prepare('DELETE FROM waiting WHERE task_id = ? AND step_id = ?');
  const holdBlobs = createBlobHolder(db);

  const setDeadLetter = createDeadLetterWriter(db);

  function check({ task_id, expected_seq, idempotency, summary }: TaskCommit): void {
    if (idempotency !== undefined) {
      if (summary === undefined) {
        throw new WeftError('store_corrupt', { problem: `the idempotency key of task "${task_id}" has no summary` });
      }
      const taken = findKey.get(summary.namespace, idempotency.key);
      if (taken !== undefined) {
        const { task_id: holder, body_digest } = taken as { task_id: string; body_digest: string };
        throw new WeftError('idempotency_conflict', { key: idempotency.key, task_id: holder, body_digest });
      }
    }
    const last = lastEntry.get(task_id) as { seq: number; count: number } | undefined;
    const seq = last === undefined ? 0 : last.seq + last.count - 1;
    if (seq !== expected_seq) throw new WeftError('store_conflict', { task_id });
  }

  return (commit, events) => {
    check(commit);
    const { task_id, expected_seq, summary, idempotency } = commit;
    const count = commit.events.length;
    if (count > 0) addEntry.run(task_id, expected_seq + 1, count, EVENT_VERSION, events);
    if (idempotency !== undefined) {
      addKey.run(summary!.namespace, idempotency.key, task_id, idempotency.body_digest);
    }
    if (summary !== undefined) {
      setTask.run(
        task_id,
        summary.template_name,
        summary.template_version,
        summary.template_digest,
        summary.namespace,
        summary.status,
        summary.paused ? 1 : 0,
        summary.submitted_by,
        summary.created_at,
        summary.updated_at,
        summary.settled_at,
      );
    }
    for (const step of commit.undispatched) dropDispatch.run(task_id, step);
    for (const row of commit.dispatched) {
      setDispatch.run(task_id, row.step_id, row.attempt, row.activation, row.namespace, row.enqueued_at);
    }
    for (const step of commit.timers_cleared) dropTimers.run(task_id, step);
    for (const row of commit.timers_set) {
      setTimer.run(task_id, row.step_id, row.kind, row.name, row.attempt, row.activation, row.at);
    }
    for (const step of commit.waiting_cleared) dropWaiting.run(task_id, step);
    for (const row of commit.waiting_set) {
      setWaiting.run(
        task_id,
        row.step_id,
        row.step_name,
        row.template_name,
        JSON.stringify(row.request),
        JSON.stringify(row.signals),
        row.since,
        row.next_deadline_at,
      );
    }
    for (const row of commit.dead_letters_set) setDeadLetter(row);
    if (commit.blobs !== undefined) holdBlobs(task_id, commit.blobs);
  };
}
