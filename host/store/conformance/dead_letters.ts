import assert from 'node:assert/strict';
import type { DeadLetterReason, DeadLetterState } from '../../../kernel/task/events.ts';
import type { DeadLetterQuery, DeadLetterRow, Store } from '../port.ts';
import { type DeclareWithStore, refused, walk } from './fixture.ts';
import { commitOf, deadLetterOf } from './rows.ts';

/** What the list of dead letters keeps, and how it is read. */
export function deadLetterBehaviours(test: DeclareWithStore): void {
  test('keeps a dead letter as its last commit says', async (store) => {
    const opened = deadLetterOf('t1', 'a', 100);
    await store.commit(commitOf('t1', 0, { dead_letters_set: [opened, deadLetterOf('t1', 'b', 101)] }));
    assert.deepEqual(await store.readDeadLetter('t1', 'a'), opened);
    const closed: DeadLetterRow = {
      ...opened,
      state: 'retried',
      openings: 2,
      notes: 3,
      handler_version: null,
      handler_digest: null,
      closed_at: 200,
      closed_by: 'ada',
      closed_reason: 'the service is back',
    };
    await store.commit(commitOf('t1', 1, { dead_letters_set: [closed] }));
    assert.deepEqual(await store.readDeadLetter('t1', 'a'), closed);
    assert.equal((await store.listDeadLetters({ limit: 9 })).items.length, 2);
    assert.equal(await store.readDeadLetter('t1', 'c'), undefined);
    assert.equal(await store.readDeadLetter('t2', 'a'), undefined);
  });

  test('a commit that conflicts leaves the list as it is', async (store) => {
    await store.commit(commitOf('t1', 0));
    const dead_letters_set = [deadLetterOf('t1', 'a', 100)];
    await refused(store.commit(commitOf('t1', 0, { dead_letters_set })), 'store_conflict');
    assert.deepEqual(await store.listDeadLetters({ limit: 9 }), { items: [] });
  });

  test('lists dead letters newest first, page by page, each once while others change', async (store) => {
    const rows = await fill(store);
    const order = rows.toSorted(newestFirst).map(({ step_id }) => step_id);
    const all = await walk((cursor) => store.listDeadLetters({ limit: 4, ...cursor }));
    assert.deepEqual(
      all.map(({ step_id }) => step_id),
      order,
    );
    let changed = 0;
    const seen = await walk(
      (cursor) => store.listDeadLetters({ limit: 5, ...cursor }),
      async () => {
        // Opened again: it keeps its place.
        const row = rows[changed++]!;
        await store.commit(commitOf(row.task_id, 1, { dead_letters_set: [{ ...row, openings: 2, last_at: 9_999 }] }));
        const fresh = `new${changed}`;
        await store.commit(commitOf(fresh, 0, { dead_letters_set: [deadLetterOf(fresh, fresh, 5_000 + changed)] }));
      },
    );
    assert.deepEqual(
      seen.map(({ step_id }) => step_id).filter((id) => !id.startsWith('new')),
      order,
    );
  });

  test('filters dead letters by state, reason, task, template, namespace and handler, alone and together', async (store) => {
    const rows = (await fill(store)).toSorted(newestFirst);
    const states: (readonly DeadLetterState[] | undefined)[] = [undefined, [], ['open'], ['retried', 'open', 'open']];
    const reasons: (readonly DeadLetterReason[] | undefined)[] = [undefined, ['stuck'], ['poisoned', 'exhausted']];
    const others: Omit<DeadLetterQuery, 'state' | 'reason' | 'limit'>[] = [
      {},
      { task_id: 't03' },
      { template: 'routing' },
      { namespace: 'billing' },
      { handler: 'transform' },
      { template: 'routing', namespace: 'billing', handler: 'transform' },
      { handler: 'nothing' },
    ];
    for (const state of states) {
      for (const reason of reasons) {
        for (const other of others) {
          const filter = {
            ...other,
            ...(state === undefined ? {} : { state }),
            ...(reason === undefined ? {} : { reason }),
          };
          assert.deepEqual(
            await walk((cursor) => store.listDeadLetters({ ...filter, limit: 3, ...cursor })),
            rows.filter(
              (row) =>
                (state?.includes(row.state) ?? true) &&
                (reason?.includes(row.reason) ?? true) &&
                (other.task_id ?? row.task_id) === row.task_id &&
                (other.template ?? row.template_name) === row.template_name &&
                (other.namespace ?? row.namespace) === row.namespace &&
                (other.handler ?? row.handler) === row.handler,
            ),
            JSON.stringify(filter),
          );
        }
      }
    }
  });

  test('counts open dead letters by reason', async (store) => {
    assert.deepEqual(await store.countDeadLetters(), {});
    const rows = await fill(store);
    const counts: Record<string, number> = {};
    for (const { state, reason } of rows) if (state === 'open') counts[reason] = (counts[reason] ?? 0) + 1;
    assert.deepEqual(await store.countDeadLetters(), counts);
  });

  test('refuses a cursor of another list of dead letters', async (store) => {
    await fill(store);
    const { next_cursor } = await store.listDeadLetters({ limit: 1 });
    await refused(store.listTasks({ limit: 1, cursor: next_cursor! }), 'cursor_invalid');
    await refused(store.listDeadLetters({ limit: 1, cursor: 'rubbish' }), 'cursor_invalid');
  });
}

/** Rows of every kind, several of one age. */
async function fill(store: Store): Promise<readonly DeadLetterRow[]> {
  const states: DeadLetterState[] = ['open', 'retried', 'resolved'];
  const reasons: DeadLetterReason[] = ['exhausted', 'poisoned', 'refused', 'stuck'];
  const rows = Array.from({ length: 36 }, (_, i): DeadLetterRow => {
    const id = String(i).padStart(2, '0');
    return {
      ...deadLetterOf(`t${id}`, `s${id}`, 1_000 + (i % 7)),
      state: states[i % 3]!,
      reason: reasons[i % 4]!,
      template_name: i % 2 === 0 ? 'intake' : 'routing',
      namespace: i % 5 === 0 ? 'default' : 'billing',
      handler: i % 3 === 0 ? 'http_request' : 'transform',
    };
  });
  await Promise.all(rows.map((row) => store.commit(commitOf(row.task_id, 0, { dead_letters_set: [row] }))));
  return rows;
}

function newestFirst(a: DeadLetterRow, b: DeadLetterRow): number {
  return b.first_at - a.first_at || (a.task_id < b.task_id ? 1 : -1);
}
