import assert from 'node:assert/strict';
import type { TaskStatus } from '../../../kernel/task/events.ts';
import type { RetentionAct, SnapshotRow, Store } from '../port.ts';
import { type DeclareWithStore, refused, walk } from './fixture.ts';
import { commitOf, dispatchOf, eventOf, summaryOf, timerOf, waitingOf } from './rows.ts';

/** How tasks leave a store, and what is kept to read long ones faster. */
export function removalBehaviours(test: DeclareWithStore): void {
  test('keeps the last snapshot of a task, over reopenings', async (store, fixture) => {
    await addTask(store, 't1', null, 3);
    assert.equal(await store.readSnapshot('t1'), undefined);
    await store.putSnapshot(snapshotOf('t1', 2, [0, 255, 10]));
    await store.putSnapshot(snapshotOf('t1', 3, []));
    assert.deepEqual(await store.readSnapshot('t1'), snapshotOf('t1', 3, []));
    await store.putSnapshot(snapshotOf('t1', 1, [1]));
    await store.close();
    const again = await fixture.open();
    assert.deepEqual(await again.readSnapshot('t1'), snapshotOf('t1', 1, [1]));
    assert.equal(await again.readSnapshot('t2'), undefined);
    await again.close();
  });

  test('keeps no snapshot that the journal does not reach', async (store) => {
    await addTask(store, 't1', null, 3);
    await store.putSnapshot(snapshotOf('t1', 4, [1]));
    await store.putSnapshot(snapshotOf('t2', 1, [1]));
    assert.equal(await store.readSnapshot('t1'), undefined);
    assert.equal(await store.readSnapshot('t2'), undefined);
  });

  test('reads the entries of a journal after an event', async (store) => {
    await store.commit(commitOf('t1', 0, { events: [eventOf(1), eventOf(2)] }));
    await store.commit(commitOf('t1', 2, { events: [eventOf(3)] }));
    const seqs = async (after?: number) => (await store.readJournal('t1', after)).map(({ seq }) => seq);
    assert.deepEqual(await seqs(), [1, 3]);
    assert.deepEqual(await seqs(0), [1, 3]);
    assert.deepEqual(await seqs(2), [3]);
    assert.deepEqual(await seqs(3), []);
  });

  test('lists and counts settled tasks of a status, those first that settled first', async (store) => {
    for (let i = 0; i < 12; i++) await addTask(store, `t${String(i).padStart(2, '0')}`, 100 - Math.floor(i / 3));
    await addTask(store, 'failed', 98, 1, 'error');
    await addTask(store, 'open', null);
    const list = async (until: number, status: TaskStatus = 'complete') =>
      (await walk((cursor) => store.listSettled({ status, until, limit: 2, ...cursor }))).map(({ task_id }) => task_id);
    assert.deepEqual(await list(98), ['t09', 't10', 't11', 't06', 't07', 't08']);
    assert.deepEqual(await list(96), []);
    assert.deepEqual(await list(98, 'error'), ['failed']);
    assert.deepEqual(await list(999, 'running'), []);
    assert.equal(await store.countSettled({ status: 'complete', until: 98 }), 6);
    assert.equal(await store.countSettled({ status: 'cancelled', until: 98 }), 0);
    await refused(store.listSettled({ status: 'complete', until: 9, limit: 1, cursor: 'x' }), 'cursor_invalid');
  });

  test('removes a settled task with all that it had, and nothing else', async (store, fixture) => {
    for (const id of ['t1', 't2']) {
      await store.commit(
        commitOf(id, 0, {
          events: [eventOf(1), eventOf(2)],
          summary: summaryOf(id, { status: 'complete', settled_at: 5 }),
          dispatched: [dispatchOf(id, `${id}.0`, 5)],
          timers_set: [timerOf(id, `${id}.1`, 'late', 5)],
          waiting_set: [waitingOf(id, `${id}.2`, 5)],
          idempotency: { key: id, body_digest: 'd' },
        }),
      );
      await store.putSnapshot(snapshotOf(id, 2, [1]));
    }
    await store.putTemplate('sha256:00', { name: 'intake' });
    await store.removeTask({ task_id: 't1', expected_seq: 2 });
    await store.close();

    const again = await fixture.open();
    assert.deepEqual(await again.readJournal('t1'), []);
    assert.equal(await again.readSummary('t1'), undefined);
    assert.equal(await again.readSnapshot('t1'), undefined);
    assert.equal(await again.findIdempotent('default', 't1'), undefined);
    assert.deepEqual((await again.readJournal('t2')).length, 1);
    assert.deepEqual(await again.readSnapshot('t2'), snapshotOf('t2', 2, [1]));
    assert.deepEqual(await again.findIdempotent('default', 't2'), { task_id: 't2', body_digest: 'd' });
    const left = [
      (await again.listTasks({ limit: 9 })).items,
      (await again.listSettled({ status: 'complete', until: 9, limit: 9 })).items,
      (await again.listDispatches({ limit: 9 })).items,
      (await again.listWaiting({ limit: 9 })).items,
      await again.dueTimers(9, 9),
    ];
    assert.deepEqual(
      left.map((rows) => rows.map(({ task_id }) => task_id)),
      [['t2'], ['t2'], ['t2'], ['t2'], ['t2']],
    );
    assert.deepEqual(await again.getTemplate('sha256:00'), { name: 'intake' });
    // The id and the key are free again.
    await again.commit(
      commitOf('t1', 0, { summary: summaryOf('t1'), idempotency: { key: 't1', body_digest: 'other' } }),
    );
    await again.close();
  });

  test('removes nothing that is not settled, not there, or went on', async (store) => {
    await addTask(store, 'open', null, 2);
    await addTask(store, 'done', 5, 2);
    const act = actOf(1);
    await refused(store.removeTask({ task_id: 'open', expected_seq: 2, act }), 'task_not_settled');
    await refused(store.removeTask({ task_id: 'gone', expected_seq: 0, act }), 'task_not_found');
    await refused(store.removeTask({ task_id: 'done', expected_seq: 1, act }), 'store_conflict');
    assert.deepEqual(await store.listActs(9), []);
    assert.equal((await store.readJournal('open')).length, 1);
    assert.equal((await store.readJournal('done')).length, 1);
    await store.removeTask({ task_id: 'done', expected_seq: 2, act });
    await refused(store.removeTask({ task_id: 'done', expected_seq: 2, act }), 'task_not_found');
    assert.deepEqual(await store.listActs(9), [act]);
  });

  test('remembers who did what, newest first, over reopenings', async (store, fixture) => {
    for (let i = 1; i <= 4; i++) await store.recordAct(actOf(i));
    await store.close();
    const again = await fixture.open();
    assert.deepEqual(await again.listActs(3), [actOf(4), actOf(3), actOf(2)]);
    await again.close();
  });
}

function addTask(
  store: Store,
  task_id: string,
  settled_at: number | null,
  events = 1,
  status: TaskStatus = settled_at === null ? 'running' : 'complete',
): Promise<void> {
  const summary = summaryOf(task_id, { settled_at, status });
  return store.commit(
    commitOf(task_id, 0, { summary, events: Array.from({ length: events }, (_, i) => eventOf(i + 1)) }),
  );
}

function snapshotOf(task_id: string, seq: number, bytes: readonly number[]): SnapshotRow {
  return { task_id, seq, version: 1, template_digest: 'sha256:00', bytes: Uint8Array.from(bytes) };
}

function actOf(at: number): RetentionAct {
  return { at, act: 'run', by: 'ada', reason: `the ${at}. time`, details: { removed: at } };
}
