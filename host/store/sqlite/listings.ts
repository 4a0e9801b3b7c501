import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Json, JsonObject } from '../../../kernel/json.ts';
import { decodeCursor, type Position, pageOf } from '../cursor.ts';
import type { DispatchRow, Page, Store, TaskSummary, TimerRow, WaitingRow } from '../port.ts';

/** The listings of a store. Each walks an index from where its cursor stands and never sorts more than a page. */
export type Listings = {
  readonly [name in 'listTasks' | 'listSettled' | 'listDispatches' | 'listWaiting' | 'dueTimers']: (
    ...query: Parameters<Store[name]>
  ) => Awaited<ReturnType<Store[name]>>;
};

/** Prepares the listings of a database. @throws cursor_invalid (each of them) */
export function createListings(db: DatabaseSync): Listings {
  const prepared = new Map<string, StatementSync>();

  function select(sql: string, values: readonly SQLInputValue[]): Record<string, SQLInputValue>[] {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    return statement.all(...values) as Record<string, SQLInputValue>[];
  }

  const dueTimers = db.prepare('SELECT * FROM timer WHERE at <= ? ORDER BY at, task_id, step_id, kind, name LIMIT ?');

  return {
    listTasks({ status, template, namespace, cursor, limit }): Page<TaskSummary> {
      const after = cursor === undefined ? undefined : decodeCursor('tasks', cursor, [0, '']);
      // One walk of the status index for each status; merged, since no index has several in order of age.
      const walks = status === undefined ? [undefined] : [...new Set(status)];
      const rows = walks.flatMap((one) => {
        const [where, values] = conjunction([
          ['status = ?', one],
          ['template_name = ?', template],
          ['namespace = ?', namespace],
          ['(created_at, task_id) < (?, ?)', after],
        ]);
        return select(`SELECT * FROM task ${where} ORDER BY created_at DESC, task_id DESC LIMIT ?`, [
          ...values,
          limit + 1,
        ]);
      });
      const newest = rows
        .map(toSummary)
        .sort(newestFirst)
        .slice(0, limit + 1);
      return pageOf(newest, limit, 'tasks', (row) => [row.created_at, row.task_id]);
    },

    listSettled({ status, until, cursor, limit }): Page<TaskSummary> {
      const after = cursor === undefined ? undefined : decodeCursor('settled', cursor, [0, '']);
      const [where, values] = conjunction([
        ['status = ?', status],
        ['settled_at <= ?', until],
        ['(settled_at, task_id) > (?, ?)', after],
      ]);
      const sql = `SELECT * FROM task ${where} ORDER BY settled_at, task_id LIMIT ?`;
      const rows = select(sql, [...values, limit + 1]).map(toSummary);
      return pageOf(rows, limit, 'settled', (row) => [row.settled_at!, row.task_id]);
    },

    listDispatches({ cursor, limit }): Page<DispatchRow> {
      const after = cursor === undefined ? undefined : decodeCursor('dispatches', cursor, ['', '']);
      const [where, values] = conjunction([['(task_id, step_id) > (?, ?)', after]]);
      const sql = `SELECT * FROM dispatch ${where} ORDER BY task_id, step_id LIMIT ?`;
      const rows = select(sql, [...values, limit + 1]).map((row) => ({ ...row }) as unknown as DispatchRow);
      return pageOf(rows, limit, 'dispatches', (row) => [row.task_id, row.step_id]);
    },

    listWaiting({ task_id, cursor, limit }): Page<WaitingRow> {
      const after = cursor === undefined ? undefined : decodeCursor('waiting', cursor, [0, '', '']);
      const [where, values] = conjunction([
        ['task_id = ?', task_id],
        ['(since, task_id, step_id) > (?, ?, ?)', after],
      ]);
      const sql = `SELECT * FROM waiting ${where} ORDER BY since, task_id, step_id LIMIT ?`;
      const rows = select(sql, [...values, limit + 1]).map(toWaiting);
      return pageOf(rows, limit, 'waiting', (row) => [row.since, row.task_id, row.step_id]);
    },

    dueTimers: (now, limit) => dueTimers.all(now, limit).map((row) => ({ ...row }) as unknown as TimerRow),
  };
}

/** The `WHERE` of the conditions that have a value, and the values in order. */
export function conjunction(
  conditions: readonly (readonly [sql: string, value: string | number | Position | undefined])[],
): [where: string, values: readonly SQLInputValue[]] {
  const given = conditions.filter(([, value]) => value !== undefined);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
  return [where, given.flatMap(([, value]) => value as string | number | (string | number)[])];
}

/** The row of the task list, from its columns. */
export function toSummary(row: Record<string, SQLInputValue>): TaskSummary {
  return { ...row, paused: row['paused'] === 1 } as unknown as TaskSummary;
}

function toWaiting(row: Record<string, SQLInputValue>): WaitingRow {
  const request = JSON.parse(row['request'] as string) as JsonObject;
  const signals = JSON.parse(row['signals'] as string) as Json;
  return { ...row, request, signals } as unknown as WaitingRow;
}

/** As `ORDER BY created_at DESC, task_id DESC` does. */
function newestFirst(a: TaskSummary, b: TaskSummary): number {
  return b.created_at - a.created_at || (a.task_id < b.task_id ? 1 : -1);
}
