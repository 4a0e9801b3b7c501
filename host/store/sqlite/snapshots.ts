import type { DatabaseSync } from 'node:sqlite';
import type { SnapshotRow, Store } from '../port.ts';
import { read } from './errors.ts';
import type { GroupCommit } from './group_commit.ts';

/** The snapshots of a database. A late one of a task that was removed meanwhile finds no journal, and is not kept. */
export function createSnapshots(db: DatabaseSync, group: GroupCommit): Pick<Store, 'putSnapshot' | 'readSnapshot'> {
  const put = db.prepare(
    `REPLACE INTO snapshot SELECT ?1, ?2, ?3, ?4, ?5
      WHERE EXISTS (SELECT 1 FROM journal WHERE task_id = ?1 AND seq + count > ?2)`,
  );
  const last = db.prepare('SELECT * FROM snapshot WHERE task_id = ?');
  return {
    putSnapshot: ({ task_id, seq, version, template_digest, bytes }) =>
      group.write(() => put.run(task_id, seq, version, template_digest, bytes)),
    readSnapshot: (task_id) =>
      read(() => {
        const row = last.get(task_id);
        return row === undefined ? undefined : ({ ...row } as unknown as SnapshotRow);
      }),
  };
}
