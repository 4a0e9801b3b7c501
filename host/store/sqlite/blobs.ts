import type { DatabaseSync } from 'node:sqlite';
import type { Blob } from '../../blobs/port.ts';
import type { HeldBlob, Store } from '../port.ts';
import { read } from './errors.ts';
import type { GroupCommit } from './group_commit.ts';

/** Writes large values and who in a task refers to them, into an open transaction. */
export function createBlobHolder(db: DatabaseSync): (task_id: string, blobs: readonly HeldBlob[]) => void {
  const known = db.prepare('SELECT 1 FROM blob WHERE digest = ?');
  const add = createAdder(db);
  const hold = db.prepare('INSERT INTO blob_ref VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  return (task_id, blobs) => {
    for (const { digest, data, holder } of blobs) {
      if (known.get(digest) === undefined) add({ digest, data }, 0);
      hold.run(task_id, holder, digest);
    }
  };
}

function createAdder(db: DatabaseSync): (blob: Blob, put_at: number) => void {
  const row = db.prepare('INSERT INTO blob VALUES (?, ?, 0, ?)');
  const bytes = db.prepare('INSERT INTO blob_data VALUES (?, ?)');
  return ({ digest, data }, put_at) => {
    row.run(digest, data.length, put_at);
    bytes.run(digest, data);
  };
}

/** The store's large values. */
export function createBlobs(
  db: DatabaseSync,
  group: GroupCommit,
): Pick<Store, 'putBlob' | 'readBlob' | 'collectBlobs'> {
  const add = createAdder(db);
  const touch = db.prepare('UPDATE blob SET put_at = max(put_at, ?) WHERE digest = ?');
  const find = db.prepare('SELECT data FROM blob_data WHERE digest = ?');
  const collect = db.prepare(
    `DELETE FROM blob WHERE digest IN (SELECT digest FROM blob WHERE refs = 0 AND put_at < ? LIMIT ?)
      RETURNING bytes`,
  );
  const collectable = db.prepare('SELECT 1 FROM blob WHERE refs = 0 AND put_at < ? LIMIT 1');

  return {
    putBlob: ({ digest, data }: Blob, at) =>
      group.write(() => {
        if (touch.run(at, digest).changes === 0) add({ digest, data }, at);
      }),
    readBlob: (digest) => read(() => find.get(digest)?.['data'] as Uint8Array | undefined),
    async collectBlobs(before, limit) {
      // Looking costs nothing; a transaction waits for the disk.
      if ((await read(() => collectable.get(before))) === undefined) return { blobs: 0, bytes: 0 };
      let removed: readonly { readonly bytes: number }[] = [];
      await group.write(() => {
        removed = collect.all(before, limit) as unknown as typeof removed;
      });
      return { blobs: removed.length, bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  };
}
