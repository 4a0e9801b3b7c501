import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { assert, suite } from '../../../testing/suite.ts';
import { refused } from '../conformance/fixture.ts';
import { commitOf, dispatchOf, eventOf, summaryOf } from '../conformance/rows.ts';
import { storeConformance } from '../conformance.ts';
import { encodeCursor } from '../cursor.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteStore } from './sqlite_store.ts';

const test = suite('sqlite store');

storeConformance(test, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weft-store-'));
  const options = { path: join(directory, 'made', 'weft.db') };
  return {
    open: () => openSqliteStore(options),
    elsewhere: { module: import.meta.resolve('./sqlite_store.ts'), export: 'openSqliteStore', options },
    dispose: () => rm(directory, { recursive: true }),
  };
});

async function inDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-store-'));
  try {
    await run(join(directory, 'weft.db'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('commits of one turn share one transaction', () =>
  inDirectory(async (path) => {
    const hits: string[] = [];
    const store = await openSqliteStore({ path, faults: { hit: (point) => void hits.push(point) } });
    await Promise.all([
      store.commit(commitOf('t1', 0)),
      store.commit(commitOf('t2', 0)),
      store.commit(commitOf('t3', 0)),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    assert.equal(hits, ['store.before_commit', 'store.in_transaction', 'store.after_commit_before_resolve']);
  }));

test('fault points that take their time keep commits in order', () =>
  inDirectory(async (path) => {
    const faults = { hit: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    const store = await openSqliteStore({ path, faults });
    const commits = [0, 1, 2, 3].map(async (seq) => {
      for (let turn = 0; turn < seq; turn++) await new Promise((resolve) => setImmediate(resolve));
      await store.commit(commitOf('t1', seq));
    });
    await Promise.all(commits);
    assert.is((await store.readJournal('t1')).length, 4);
    await store.close();
  }));

test('one owner at a time, and the refusal names the process', () =>
  inDirectory(async (path) => {
    const store = await openSqliteStore({ path });
    const error = await refused(openSqliteStore({ path }), 'store_locked');
    assert.match(error.message, `process ${process.pid}`);
    await store.commit(commitOf('t1', 0));
    await store.close();
    await (await openSqliteStore({ path })).close();
  }));

test('a pid file that a dead process left behind locks nothing', () =>
  inDirectory(async (path) => {
    await writeFile(`${path}.pid`, `${process.pid}\n`);
    await (await openSqliteStore({ path })).close();
  }));

test('brings a store of the first schema to the present one, with what it holds', () =>
  inDirectory(async (path) => {
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA application_id = ${0x57656674}; ${MIGRATIONS[0]}; PRAGMA user_version = 1`);
    db.exec("INSERT INTO dispatch VALUES ('t1', 't1.0', 1, 0, 'default', 5)");
    db.close();
    const store = await openSqliteStore({ path });
    assert.equal((await store.listDispatches({ limit: 9 })).items, [dispatchOf('t1', 't1.0', 5)]);
    await store.close();
  }));

test('refuses a schema that is newer than it knows', () =>
  inDirectory(async (path) => {
    await (await openSqliteStore({ path })).close();
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    const error = await refused(openSqliteStore({ path }), 'store_schema_newer');
    assert.match(error.message, `schema ${MIGRATIONS.length + 1}`);
  }));

test('refuses files of others and leaves them as they are', () =>
  inDirectory(async (path) => {
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
    await refused(openSqliteStore({ path }), 'store_foreign');
    await writeFile(`${path}.txt`, 'not a database '.repeat(100));
    await refused(openSqliteStore({ path: `${path}.txt` }), 'store_foreign');
    const after = new DatabaseSync(path);
    assert.is(after.prepare('SELECT count(*) AS n FROM sqlite_schema').get()!['n'], 1);
    assert.is(after.prepare('PRAGMA journal_mode').get()!['journal_mode'], 'delete');
    after.close();
  }));

test('a journal entry that is not JSON is damage', () =>
  inDirectory(async (path) => {
    const store = await openSqliteStore({ path });
    await store.commit(commitOf('t1', 0));
    await store.close();
    const db = new DatabaseSync(path);
    db.exec(`UPDATE journal SET events = '[{'`);
    db.close();
    const again = await openSqliteStore({ path });
    const error = await refused(again.readJournal('t1'), 'store_corrupt');
    assert.match(error.message, 'entry 1 of the journal of task "t1"');
    await again.close();
  }));

test('every listing walks an index', () =>
  inDirectory(async (path) => {
    const { prepare } = DatabaseSync.prototype;
    const queries = new Set<string>();
    DatabaseSync.prototype.prepare = function (sql) {
      if (sql.includes('ORDER BY')) queries.add(sql);
      return prepare.call(this, sql);
    };
    try {
      const store = await openSqliteStore({ path });
      for (const filter of [{}, { status: ['error'] as const }, { template: 'x' }, { namespace: 'x' }]) {
        await store.listTasks({ ...filter, limit: 1 });
        await store.listTasks({ ...filter, limit: 1, cursor: encodeCursor('tasks', [1, 't']) });
      }
      await store.listSettled({ status: 'error', until: 1, limit: 1 });
      await store.listSettled({ status: 'error', until: 1, limit: 1, cursor: encodeCursor('settled', [1, 't']) });
      await store.listDispatches({ limit: 1, cursor: encodeCursor('dispatches', ['t', 's']) });
      await store.listWaiting({ limit: 1, cursor: encodeCursor('waiting', [1, 't', 's']) });
      await store.close();
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    assert.ok(queries.size >= 14, [...queries].join('\n'));
    const db = new DatabaseSync(path);
    for (const query of queries) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
      const steps = plan.map((row) => String(row['detail'])).join('; ');
      // A table that is read in the order of its rowid needs no other index.
      assert.match(steps, /USING (COVERING |PRIMARY KEY|INDEX)|^SCAN retention_act$/, query);
      assert.not.match(steps, 'TEMP B-TREE', query);
    }
    db.close();
  }));

test('a removal finds the rows of its task by an index, in every table', () =>
  inDirectory(async (path) => {
    const { prepare } = DatabaseSync.prototype;
    const removals = new Set<string>();
    DatabaseSync.prototype.prepare = function (sql) {
      if (/^DELETE FROM "\w+" WHERE task_id = \?$/.test(sql)) removals.add(sql);
      return prepare.call(this, sql);
    };
    try {
      await (await openSqliteStore({ path })).close();
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
    assert.ok(removals.size >= 7, [...removals].join('\n'));
    const db = new DatabaseSync(path);
    for (const removal of removals) {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${removal}`).all();
      assert.match(String(steps[0]!['detail']), 'SEARCH', removal);
    }
    db.close();
  }));

test('the space of removed tasks is used again', () =>
  inDirectory(async (path) => {
    const store = await openSqliteStore({ path });
    const fill = async (from: number): Promise<void> => {
      for (let i = from; i < from + 50; i++) {
        const summary = summaryOf(`t${i}`, { status: 'complete', settled_at: 5 });
        await store.commit(commitOf(`t${i}`, 0, { summary, events: [eventOf(1, 'x'.repeat(10_000))] }));
      }
    };
    await fill(0);
    const full = await store.size();
    for (let i = 0; i < 50; i++) await store.removeTask({ task_id: `t${i}`, expected_seq: 1 });
    const emptied = await store.size();
    assert.is(emptied.bytes, full.bytes);
    assert.ok(emptied.free_bytes > full.bytes / 2, JSON.stringify({ full, emptied }));
    await fill(50);
    assert.is((await store.size()).bytes, full.bytes);
    await store.close();
  }));
