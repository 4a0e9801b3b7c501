import assert from 'node:assert/strict';
import type { TaskStatus } from '../../../kernel/task/events.ts';
import type { Store } from '../port.ts';
import { type DeclareWithStore, refused, walk } from './fixture.ts';
import { commitOf, dispatchOf, summaryOf, timerOf, waitingOf } from './rows.ts';

/** What listings give, in which order, and what their pages do while rows come and go. */
export function listingBehaviours(test: DeclareWithStore): void {
  test('lists tasks newest first, page by page', async (store) => {
    // Several of one age: the id decides, so that none is lost between pages.
    for (let i = 0; i < 25; i++) await addTask(store, `t${String(i).padStart(2, '0')}`, 1_000 + Math.floor(i / 4));
    const all = await walk((cursor) => store.listTasks({ limit: 4, ...cursor }));
    assert.deepEqual(
      all.map(({ task_id }) => task_id),
      Array.from({ length: 25 }, (_, i) => `t${String(24 - i).padStart(2, '0')}`),
    );
  });

  test('filters tasks by status, template and namespace, alone and together', async (store) => {
    const statuses: TaskStatus[] = ['running', 'waiting', 'complete', 'error'];
    const tasks = Array.from({ length: 64 }, (_, i) =>
      summaryOf(`t${String(i).padStart(2, '0')}`, {
        created_at: 1_000 - (i % 7),
        status: statuses[i % 4]!,
        template_name: i % 3 === 0 ? 'intake' : 'routing',
        namespace: i % 5 === 0 ? 'default' : 'billing',
      }),
    );
    await Promise.all(tasks.map((summary) => store.commit(commitOf(summary.task_id, 0, { summary }))));
    const newest = tasks.toSorted((a, b) => b.created_at - a.created_at || (a.task_id < b.task_id ? 1 : -1));
    const wanted: readonly (readonly TaskStatus[] | undefined)[] = [
      undefined,
      [],
      ['waiting'],
      ['error', 'running', 'error'],
      statuses,
    ];
    for (const status of wanted) {
      for (const template of [undefined, 'intake', 'nothing']) {
        for (const namespace of [undefined, 'billing']) {
          const filter = {
            ...(status === undefined ? {} : { status }),
            ...(template === undefined ? {} : { template }),
            ...(namespace === undefined ? {} : { namespace }),
          };
          assert.deepEqual(
            await walk((cursor) => store.listTasks({ ...filter, limit: 5, ...cursor })),
            newest.filter(
              (task) =>
                (status === undefined || status.includes(task.status)) &&
                (template === undefined || template === task.template_name) &&
                (namespace === undefined || namespace === task.namespace),
            ),
            JSON.stringify(filter),
          );
        }
      }
    }
  });

  test('a walk sees each task that was there once, whatever arrives meanwhile', async (store) => {
    for (let i = 0; i < 10; i++) await addTask(store, `old${i}`, 1_000);
    let arrivals = 0;
    const seen = await walk(
      (cursor) => store.listTasks({ limit: 3, ...cursor }),
      async () => {
        await addTask(store, `new${arrivals++}`, 2_000);
      },
    );
    const old = seen.map(({ task_id }) => task_id).filter((id) => id.startsWith('old'));
    assert.deepEqual(
      old.toSorted(),
      Array.from({ length: 10 }, (_, i) => `old${i}`),
    );
  });

  test('counts tasks by status as they change', async (store) => {
    await addTask(store, 't1', 1);
    await addTask(store, 't2', 2);
    await store.commit(commitOf('t2', 1, { summary: summaryOf('t2', { status: 'complete' }) }));
    assert.deepEqual(await store.countTasks(), { running: 1, complete: 1 });
  });

  test('lists dispatches by task and step while some are answered', async (store) => {
    const tasks = Array.from({ length: 6 }, (_, i) => `t${i}`);
    const ids = tasks.flatMap((task) => [`${task}.0`, `${task}.1`]);
    for (const task of tasks.toReversed()) {
      const dispatched = [dispatchOf(task, `${task}.1`, 5), dispatchOf(task, `${task}.0`, 9)];
      await store.commit(commitOf(task, 0, { dispatched }));
    }
    assert.deepEqual(
      (await walk((cursor) => store.listDispatches({ limit: 5, ...cursor }))).map(({ step_id }) => step_id),
      ids,
    );
    let answered = 0;
    const seen = await walk(
      (cursor) => store.listDispatches({ limit: 5, ...cursor }),
      async () => {
        await store.commit(commitOf(tasks[answered]!, 1, { undispatched: [`${tasks[answered]!}.0`] }));
        answered++;
      },
    );
    assert.deepEqual(
      seen.map(({ step_id }) => step_id),
      ids,
    );
    assert.equal((await store.listDispatches({ limit: 99 })).items.length, 10);
  });

  test('a step has one dispatch: the last one', async (store) => {
    const second = { ...dispatchOf('t1', 'a', 9), attempt: 2 };
    await store.commit(commitOf('t1', 0, { dispatched: [dispatchOf('t1', 'a', 5), dispatchOf('t1', 'b', 6)] }));
    await store.commit(commitOf('t2', 0, { dispatched: [dispatchOf('t2', 'a', 7)] }));
    await store.commit(commitOf('t1', 1, { dispatched: [second], undispatched: ['a', 'b', 'unknown'] }));
    assert.deepEqual((await store.listDispatches({ limit: 9 })).items, [second, dispatchOf('t2', 'a', 7)]);
  });

  test('timers are due earliest first and stay until they are cleared', async (store) => {
    const late = timerOf('t1', 'a', 'late', 300);
    const early = timerOf('t1', 'a', 'early', 100);
    const retry = { ...timerOf('t2', 'a', '', 200), kind: 'retry' as const };
    await store.commit(commitOf('t1', 0, { timers_set: [late, early] }));
    await store.commit(commitOf('t2', 0, { timers_set: [retry] }));
    assert.deepEqual(await store.dueTimers(99, 9), []);
    assert.deepEqual(await store.dueTimers(200, 9), [early, retry]);
    assert.deepEqual(await store.dueTimers(999, 2), [early, retry]);
    assert.deepEqual(await store.dueTimers(999, 9), [early, retry, late]);
    assert.equal(await store.nextTimerAt(0), 100);
    assert.equal(await store.nextTimerAt(100), 200);
    assert.equal(await store.nextTimerAt(300), undefined);

    const again = timerOf('t1', 'a', 'late', 400);
    await store.commit(commitOf('t1', 1, { timers_cleared: ['a'], timers_set: [again] }));
    assert.deepEqual(await store.dueTimers(999, 9), [retry, again]);
  });

  test('a timer that is set again moves', async (store) => {
    await store.commit(commitOf('t1', 0, { timers_set: [timerOf('t1', 'a', 'x', 100)] }));
    await store.commit(commitOf('t1', 1, { timers_set: [timerOf('t1', 'a', 'x', 50)] }));
    assert.deepEqual(await store.dueTimers(999, 9), [timerOf('t1', 'a', 'x', 50)]);
  });

  test('lists who waits, longest first, of all tasks or of one', async (store) => {
    for (let i = 0; i < 9; i++) {
      const id = `t${i % 3}`;
      const waiting_set = [waitingOf(id, `s${i}`, 100 - i)];
      await store.commit(commitOf(id, Math.floor(i / 3), { waiting_set }));
    }
    const ids = async (query: { task_id?: string }) =>
      (await walk((cursor) => store.listWaiting({ ...query, limit: 2, ...cursor }))).map(({ step_id }) => step_id);
    assert.deepEqual(await ids({}), ['s8', 's7', 's6', 's5', 's4', 's3', 's2', 's1', 's0']);
    assert.deepEqual(await ids({ task_id: 't1' }), ['s7', 's4', 's1']);
    await store.commit(commitOf('t1', 3, { waiting_cleared: ['s7', 's4'], waiting_set: [waitingOf('t1', 's4', 1)] }));
    assert.deepEqual(await ids({ task_id: 't1' }), ['s4', 's1']);
    assert.deepEqual((await store.listWaiting({ limit: 1 })).items, [waitingOf('t1', 's4', 1)]);
  });

  test('refuses a cursor that it did not give', async (store) => {
    for (let i = 0; i < 3; i++) await addTask(store, `t${i}`, i);
    const { next_cursor } = await store.listTasks({ limit: 1 });
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const cursor of [
      '',
      'rubbish',
      '!',
      forged(null),
      forged({}),
      forged(['tasks']),
      forged(['tasks', '1', 't']),
    ]) {
      const error = await refused(store.listTasks({ limit: 1, cursor }), 'cursor_invalid');
      assert.ok(error.message.includes(`"${cursor}"`), error.message);
    }
    await refused(store.listDispatches({ limit: 1, cursor: next_cursor! }), 'cursor_invalid');
    await refused(store.listWaiting({ limit: 1, cursor: next_cursor! }), 'cursor_invalid');
  });
}

function addTask(store: Store, task_id: string, created_at: number): Promise<void> {
  return store.commit(commitOf(task_id, 0, { summary: summaryOf(task_id, { created_at }) }));
}
