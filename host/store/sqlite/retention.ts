import type { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { TaskStatus } from '../../../kernel/task/events.ts';
import type { RetentionAct, Store } from '../port.ts';
import { read } from './errors.ts';
import type { GroupCommit } from './group_commit.ts';

/**
 * How tasks leave a database. Every table with a column `task_id` loses the task's rows, so that a table which is added
 * later is not forgotten.
 */
export function createRetention(
  db: DatabaseSync,
  group: GroupCommit,
): Pick<Store, 'countSettled' | 'removeTask' | 'recordAct' | 'listActs' | 'size'> {
  const removals = tablesOfTasks(db).map((table) => db.prepare(`DELETE FROM "${table}" WHERE task_id = ?`));
  const settlement = db.prepare('SELECT status, settled_at FROM task WHERE task_id = ?');
  const lastEvent = db.prepare(
    'SELECT seq + count - 1 AS seq FROM journal WHERE task_id = ? ORDER BY journal.seq DESC LIMIT 1',
  );
  const count = db.prepare('SELECT count(*) AS tasks FROM task WHERE status = ? AND settled_at <= ?');
  const addAct = db.prepare('INSERT INTO retention_act (at, act, by, reason, details) VALUES (?, ?, ?, ?, ?)');
  const acts = db.prepare('SELECT at, act, by, reason, details FROM retention_act ORDER BY id DESC LIMIT ?');

  function check(task_id: string, expected_seq: number): void {
    const task = settlement.get(task_id) as { status: TaskStatus; settled_at: number | null } | undefined;
    if (task === undefined) throw new WeftError('task_not_found', { task_id });
    if (task.settled_at === null) throw new WeftError('task_not_settled', { task_id, status: task.status });
    const last = lastEvent.get(task_id) as { seq: number } | undefined;
    if ((last?.seq ?? 0) !== expected_seq) throw new WeftError('store_conflict', { task_id });
  }

  function note({ at, act, by, reason, details }: RetentionAct): void {
    addAct.run(at, act, by, reason, JSON.stringify(details));
  }

  return {
    countSettled: ({ status, until }) => read(() => count.get(status, until)!['tasks'] as number),
    removeTask: ({ task_id, expected_seq, act }) =>
      group.write(() => {
        check(task_id, expected_seq);
        for (const remove of removals) remove.run(task_id);
        if (act !== undefined) note(act);
      }),
    recordAct: (act) => group.write(() => note(act)),
    listActs: (limit) =>
      read(() =>
        acts.all(limit).map((row) => {
          const details = JSON.parse(row['details'] as string) as JsonObject;
          return { ...row, details } as unknown as RetentionAct;
        }),
      ),
    size: () =>
      read(() => {
        const pragma = (name: string): number => db.prepare(`PRAGMA ${name}`).get()![name] as number;
        const page = pragma('page_size');
        return { bytes: pragma('page_count') * page, free_bytes: pragma('freelist_count') * page };
      }),
  };
}

function tablesOfTasks(db: DatabaseSync): readonly string[] {
  const sql = `SELECT t.name FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.schema = 'main' AND t.type = 'table' AND c.name = 'task_id'`;
  return db
    .prepare(sql)
    .all()
    .map((row) => row['name'] as string);
}
