import assert from 'node:assert/strict';
import type { JsonObject } from '../../../kernel/json.ts';
import type { TaskEvent } from '../../../kernel/task/events.ts';
import { type DeclareWithStore, refused } from './fixture.ts';
import { commitOf, dispatchOf, eventOf, summaryOf, timerOf, waitingOf } from './rows.ts';

/** What a commit does, and what two of them do to each other. */
export function commitBehaviours(test: DeclareWithStore): void {
  test('knows nothing when it is new', async (store) => {
    assert.deepEqual(await store.readJournal('t1'), []);
    assert.deepEqual(await store.readEvents('t1', 0, 10), []);
    assert.equal(await store.readSummary('t1'), undefined);
    assert.deepEqual(await store.countTasks(), {});
    assert.equal(await store.findIdempotent('default', 'k'), undefined);
    assert.equal(await store.getTemplate('sha256:00'), undefined);
    assert.equal(await store.nextTimerAt(0), undefined);
    assert.deepEqual(await store.listTasks({ limit: 10 }), { items: [] });
  });

  test('gives a journal back as it was written', async (store) => {
    const context = JSON.parse(
      '{"__proto__":{"x":1},"":null,"ünï":"żółć 漢字 🦉 \\u0000 \\ud800 \\u2028","n":[1e-7,-0.5,9007199254740991,true]}',
    ) as JsonObject;
    const created: TaskEvent = {
      kind: 'task_created',
      at: 1,
      task_id: 't1',
      template: { name: 'intake', namespace: 'default', version: '1.0.0', digest: 'sha256:00' },
      context,
      submitted_by: 'ada',
    };
    const large = eventOf(3, 'ß'.repeat(2 ** 20));
    await store.commit(commitOf('t1', 0, { events: [created, eventOf(2)] }));
    await store.commit(commitOf('t1', 2, { events: [large] }));
    assert.deepEqual(await store.readJournal('t1'), [
      { version: 1, seq: 1, events: [created, eventOf(2)] },
      { version: 1, seq: 3, events: [large] },
    ]);
  });

  test('reads events from any number on, also from within a commit', async (store) => {
    await store.commit(commitOf('t1', 0, { events: [eventOf(1), eventOf(2), eventOf(3)] }));
    await store.commit(commitOf('t1', 3, { events: [eventOf(4)] }));
    await store.commit(commitOf('t1', 4, { events: [eventOf(5), eventOf(6)] }));
    await store.commit(commitOf('t2', 0));
    for (let after = 0; after <= 7; after++) {
      for (let limit = 1; limit <= 7; limit++) {
        const expected = [1, 2, 3, 4, 5, 6].filter((seq) => seq > after).slice(0, limit);
        const read = await store.readEvents('t1', after, limit);
        assert.deepEqual(
          read,
          expected.map((seq) => ({ seq, event: eventOf(seq) })),
          `after ${after}, limit ${limit}`,
        );
      }
    }
  });

  test('makes everything of a commit visible at once', async (store) => {
    await store.commit(
      commitOf('t1', 0, {
        summary: summaryOf('t1', { paused: true, settled_at: 7 }),
        dispatched: [dispatchOf('t1', 'a', 5)],
        timers_set: [timerOf('t1', 'b', 'remind', 9)],
        waiting_set: [{ ...waitingOf('t1', 'b', 6), next_deadline_at: 9 }],
        idempotency: { key: 'k', body_digest: 'd' },
      }),
    );
    assert.deepEqual(await store.readSummary('t1'), summaryOf('t1', { paused: true, settled_at: 7 }));
    assert.deepEqual(await store.listDispatches({ limit: 9 }), { items: [dispatchOf('t1', 'a', 5)] });
    assert.deepEqual(await store.dueTimers(9, 9), [timerOf('t1', 'b', 'remind', 9)]);
    assert.deepEqual(await store.listWaiting({ limit: 9 }), {
      items: [{ ...waitingOf('t1', 'b', 6), next_deadline_at: 9 }],
    });
    assert.deepEqual(await store.findIdempotent('default', 'k'), { task_id: 't1', body_digest: 'd' });
  });

  test('keeps the summary when a commit has none', async (store) => {
    await store.commit(commitOf('t1', 0, { summary: summaryOf('t1') }));
    await store.commit(commitOf('t1', 1));
    assert.deepEqual(await store.readSummary('t1'), summaryOf('t1'));
    await store.commit(commitOf('t1', 2, { summary: summaryOf('t1', { status: 'complete', settled_at: 9 }) }));
    assert.deepEqual(await store.readSummary('t1'), summaryOf('t1', { status: 'complete', settled_at: 9 }));
  });

  test('commits many tasks in one turn, and two commits of one task in order', async (store) => {
    const tasks = Array.from({ length: 300 }, (_, i) => `t${i}`);
    await Promise.all(tasks.flatMap((id) => [store.commit(commitOf(id, 0)), store.commit(commitOf(id, 1))]));
    for (const id of tasks) assert.equal((await store.readJournal(id)).length, 2);
  });

  test('a conflict fails only the commit that has it, which changes nothing', async (store) => {
    await store.commit(commitOf('t1', 0, { summary: summaryOf('t1'), dispatched: [dispatchOf('t1', 'a', 1)] }));
    const stale = commitOf('t1', 0, {
      summary: summaryOf('t1', { status: 'error' }),
      dispatched: [dispatchOf('t1', 'b', 1)],
      undispatched: ['a'],
      timers_set: [timerOf('t1', 'a', 'x', 1)],
      waiting_set: [waitingOf('t1', 'a', 1)],
    });
    const [before, conflicting, after] = await Promise.allSettled([
      store.commit(commitOf('t2', 0)),
      store.commit(stale),
      store.commit(commitOf('t3', 0)),
    ]);
    assert.equal(before.status, 'fulfilled');
    assert.equal(after.status, 'fulfilled');
    assert.equal(conflicting.status === 'rejected' && conflicting.reason.code, 'store_conflict');
    assert.equal((await store.readJournal('t1')).length, 1);
    assert.deepEqual(await store.readSummary('t1'), summaryOf('t1'));
    assert.deepEqual(await store.listDispatches({ limit: 9 }), { items: [dispatchOf('t1', 'a', 1)] });
    assert.deepEqual(await store.dueTimers(9, 9), []);
    assert.deepEqual(await store.listWaiting({ limit: 9 }), { items: [] });
  });

  test('of two commits on the same sequence number in one turn, one wins', async (store) => {
    const results = await Promise.allSettled([store.commit(commitOf('t1', 0)), store.commit(commitOf('t1', 0))]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await store.readJournal('t1')).length, 1);
  });

  test('a sequence number ahead of the journal is a conflict', async (store) => {
    await refused(store.commit(commitOf('t1', 1)), 'store_conflict');
    assert.deepEqual(await store.readJournal('t1'), []);
  });

  test('a commit without events changes rows under the same check', async (store) => {
    await store.commit(commitOf('t1', 0, { timers_set: [timerOf('t1', 'a', 'x', 5)] }));
    await refused(store.commit(commitOf('t1', 0, { events: [], timers_cleared: ['a'] })), 'store_conflict');
    assert.equal(await store.nextTimerAt(0), 5);
    await store.commit(commitOf('t1', 1, { events: [], timers_cleared: ['a'] }));
    assert.equal(await store.nextTimerAt(0), undefined);
    await store.commit(commitOf('t1', 1));
    assert.equal((await store.readJournal('t1')).length, 2);
  });

  test('a row that cannot be stored fails its own commit alone', async (store) => {
    const [before, broken, after] = await Promise.allSettled([
      store.commit(commitOf('t1', 0)),
      store.commit(commitOf('t2', 0, { dispatched: [dispatchOf('t2', 'a', Number.NaN)] })),
      store.commit(commitOf('t3', 0)),
    ]);
    assert.equal(before.status, 'fulfilled');
    assert.equal(after.status, 'fulfilled');
    assert.equal(broken.status === 'rejected' && broken.reason.code, 'store_corrupt');
    assert.deepEqual(await store.readJournal('t2'), []);
    assert.equal((await store.readJournal('t1')).length, 1);
  });

  test('of two tasks with one idempotency key, one is made and the other learns of it', async (store) => {
    const create = (task_id: string, namespace: string, body_digest: string) =>
      store.commit(
        commitOf(task_id, 0, { summary: summaryOf(task_id, { namespace }), idempotency: { key: 'k', body_digest } }),
      );
    const [first, second] = await Promise.allSettled([create('t1', 'default', 'd1'), create('t2', 'default', 'd2')]);
    assert.equal(first.status, 'fulfilled');
    assert.equal(second.status === 'rejected' && second.reason.code, 'idempotency_conflict');
    assert.deepEqual(second.status === 'rejected' && second.reason.params, {
      key: 'k',
      task_id: 't1',
      body_digest: 'd1',
    });
    assert.deepEqual(await store.readJournal('t2'), []);
    await create('t3', 'other', 'd3');
    assert.deepEqual(await store.findIdempotent('default', 'k'), { task_id: 't1', body_digest: 'd1' });
    assert.deepEqual(await store.findIdempotent('other', 'k'), { task_id: 't3', body_digest: 'd3' });
  });

  test('keeps a template once for each digest', async (store) => {
    await Promise.all([store.putTemplate('sha256:01', { name: 'a' }), store.putTemplate('sha256:01', { name: 'a' })]);
    await store.putTemplate('sha256:02', { name: 'b', nested: { ü: [1, null] } });
    assert.deepEqual(await store.getTemplate('sha256:01'), { name: 'a' });
    assert.deepEqual(await store.getTemplate('sha256:02'), { name: 'b', nested: { ü: [1, null] } });
  });

  test('has everything again when it is opened anew', async (store, fixture) => {
    await store.commit(
      commitOf('t1', 0, {
        summary: summaryOf('t1'),
        dispatched: [dispatchOf('t1', 'a', 5)],
        timers_set: [timerOf('t1', 'b', 'remind', 9)],
        waiting_set: [waitingOf('t1', 'b', 6)],
        idempotency: { key: 'k', body_digest: 'd' },
      }),
    );
    await store.putTemplate('sha256:01', { name: 'a' });
    await store.close();
    const again = await fixture.open();
    try {
      assert.deepEqual(await again.readJournal('t1'), [{ version: 1, seq: 1, events: [eventOf(1)] }]);
      assert.deepEqual(await again.readSummary('t1'), summaryOf('t1'));
      assert.deepEqual(await again.listDispatches({ limit: 9 }), { items: [dispatchOf('t1', 'a', 5)] });
      assert.deepEqual(await again.dueTimers(9, 9), [timerOf('t1', 'b', 'remind', 9)]);
      assert.deepEqual(await again.listWaiting({ limit: 9 }), { items: [waitingOf('t1', 'b', 6)] });
      assert.deepEqual(await again.findIdempotent('default', 'k'), { task_id: 't1', body_digest: 'd' });
      assert.deepEqual(await again.getTemplate('sha256:01'), { name: 'a' });
      await refused(again.commit(commitOf('t1', 0)), 'store_conflict');
    } finally {
      await again.close();
    }
  });

  test('ends what it took before it closes, and then takes nothing', async (store, fixture) => {
    const commits = Array.from({ length: 20 }, (_, i) => store.commit(commitOf(`t${i}`, 0)));
    await store.close();
    await Promise.all(commits);
    await refused(store.commit(commitOf('t99', 0)), 'store_unavailable');
    await refused(store.readJournal('t1'), 'store_unavailable');
    const again = await fixture.open();
    assert.equal((await again.readJournal('t19')).length, 1);
    await again.close();
  });
}
