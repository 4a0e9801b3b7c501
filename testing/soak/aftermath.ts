import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '../../host/store/sqlite/sqlite_store.ts';

/** Tables whose rows go with their task. */
const OF_TASKS = [
  'task',
  'journal',
  'dispatch',
  'timer',
  'waiting',
  'idempotency',
  'snapshot',
  'dead_letter',
  'blob_ref',
];
const BATCH = 64;

/** What is in a store that no process has open and whose tasks were all removed. */
export interface Aftermath {
  readonly problems: readonly string[];
  /** Large values that nobody referred to any more, and which only time kept. */
  readonly blobs: number;
  readonly blob_bytes: number;
}

/** Looks for what was left behind: rows of tasks that are gone, large values that something still counts as held. */
export async function lookInto(storeFile: string): Promise<Aftermath> {
  const store = await openSqliteStore({ path: storeFile });
  let blobs = 0;
  let blob_bytes = 0;
  try {
    for (let full = true; full; ) {
      const removed = await store.collectBlobs(Number.MAX_SAFE_INTEGER, BATCH);
      blobs += removed.blobs;
      blob_bytes += removed.bytes;
      full = removed.blobs === BATCH;
    }
  } finally {
    await store.close();
  }
  const db = new DatabaseSync(storeFile, { readOnly: true });
  try {
    const left = [...OF_TASKS, 'blob', 'blob_data'].flatMap((table) => {
      const { rows } = db.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number };
      return rows === 0 ? [] : [`the table ${table} still has ${rows} rows, and no task is left`];
    });
    return { problems: left, blobs, blob_bytes };
  } finally {
    db.close();
  }
}

/** Files below a folder in which a text stands as it is. */
export function filesWith(text: string, directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}
