import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { decodeCursor, pageOf } from '../cursor.ts';
import type { DeadLetterCounts, DeadLetterQuery, DeadLetterRow, Page } from '../port.ts';
import { conjunction } from './listings.ts';

/** Migration: one row for each step that ever was a dead letter; see `MIGRATIONS`. */
export const DEAD_LETTER_TABLE = `
  CREATE TABLE dead_letter (
    task_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    step_name TEXT NOT NULL,
    template_name TEXT NOT NULL,
    namespace TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    handler TEXT NOT NULL,
    handler_version TEXT,
    handler_digest TEXT,
    attempts INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    since INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    closed_reason TEXT,
    PRIMARY KEY (task_id, step_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dead_letter_by_state ON dead_letter (state, first_at, task_id, step_id);
  CREATE INDEX dead_letter_by_reason ON dead_letter (state, reason, first_at, task_id, step_id);
  CREATE INDEX dead_letter_by_age ON dead_letter (first_at, task_id, step_id);
`;

/** Writes rows of the list into an open transaction. */
export function createDeadLetterWriter(db: DatabaseSync): (row: DeadLetterRow) => void {
  const set = db.prepare(
    'REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  return (row) => {
    set.run(
      row.task_id,
      row.step_id,
      row.step_name,
      row.template_name,
      row.namespace,
      row.reason,
      row.state,
      row.code,
      row.message,
      row.handler,
      row.handler_version,
      row.handler_digest,
      row.attempts,
      row.openings,
      row.notes,
      row.since,
      row.first_at,
      row.last_at,
      row.closed_at,
      row.closed_by,
      row.closed_reason,
    );
  };
}

/** How the list of dead letters is read. */
export interface DeadLetterReader {
  list(query: DeadLetterQuery): Page<DeadLetterRow>;
  read(task_id: string, step_id: string): DeadLetterRow | undefined;
  count(): DeadLetterCounts;
}

/** Prepares the readings of a database. Listings throw cursor_invalid. */
export function createDeadLetterReader(db: DatabaseSync): DeadLetterReader {
  const prepared = new Map<string, StatementSync>();
  const one = db.prepare('SELECT * FROM dead_letter WHERE task_id = ? AND step_id = ?');
  const counts = db.prepare(
    `SELECT reason, count(*) AS entries FROM dead_letter WHERE state = 'open' GROUP BY reason ORDER BY reason`,
  );

  function select(sql: string, values: readonly SQLInputValue[]): DeadLetterRow[] {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    return statement.all(...values).map(toRow);
  }

  return {
    list({ state, reason, task_id, template, namespace, handler, cursor, limit }) {
      const after = cursor === undefined ? undefined : decodeCursor('dead_letters', cursor, [0, '', '']);
      // One walk for each state and reason, merged: no index has several of them in order of age.
      const states = state === undefined ? [undefined] : [...new Set(state)];
      const reasons = reason === undefined ? [undefined] : [...new Set(reason)];
      const rows = states.flatMap((ofState) =>
        reasons.flatMap((ofReason) => {
          const [where, values] = conjunction([
            ['state = ?', ofState],
            ['reason = ?', ofReason],
            ['task_id = ?', task_id],
            ['template_name = ?', template],
            ['namespace = ?', namespace],
            ['handler = ?', handler],
            ['(first_at, task_id, step_id) < (?, ?, ?)', after],
          ]);
          const sql = `SELECT * FROM dead_letter ${where} ORDER BY first_at DESC, task_id DESC, step_id DESC LIMIT ?`;
          return select(sql, [...values, limit + 1]);
        }),
      );
      const newest = rows.sort(newestFirst).slice(0, limit + 1);
      return pageOf(newest, limit, 'dead_letters', (row) => [row.first_at, row.task_id, row.step_id]);
    },
    read(task_id, step_id) {
      const row = one.get(task_id, step_id);
      return row === undefined ? undefined : toRow(row);
    },
    count: () => Object.fromEntries(counts.all().map((row) => [row['reason'], row['entries']])) as DeadLetterCounts,
  };
}

function toRow(row: Record<string, SQLInputValue>): DeadLetterRow {
  return { ...row } as unknown as DeadLetterRow;
}

/** As `ORDER BY first_at DESC, task_id DESC, step_id DESC` does. */
function newestFirst(a: DeadLetterRow, b: DeadLetterRow): number {
  return b.first_at - a.first_at || descending(a.task_id, b.task_id) || descending(a.step_id, b.step_id);
}

function descending(a: string, b: string): number {
  return a === b ? 0 : a < b ? 1 : -1;
}
