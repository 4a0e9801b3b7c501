import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { assert, suite } from '../../../testing/suite.ts';
import { walk } from '../conformance/fixture.ts';
import { deadLetterOf, dispatchOf, eventOf, summaryOf, timerOf, waitingOf } from '../conformance/rows.ts';
import type { DeadLetterRow, DispatchRow, Store, TaskCommit, TaskSummary, TimerRow, WaitingRow } from '../port.ts';
import { openSqliteStore } from './sqlite_store.ts';

const test = suite('sqlite store against a model');

/** What a store is meant to be: maps. */
class Model {
  readonly seq = new Map<string, number>();
  readonly summaries = new Map<string, TaskSummary>();
  readonly dispatches = new Map<string, DispatchRow>();
  readonly timers = new Map<string, TimerRow>();
  readonly waiting = new Map<string, WaitingRow>();
  readonly deadLetters = new Map<string, DeadLetterRow>();
  readonly keys = new Map<string, string>();

  /** Whether the commit was taken. */
  commit(commit: TaskCommit): boolean {
    const { task_id, summary, idempotency } = commit;
    const seq = this.seq.get(task_id) ?? 0;
    const key = idempotency === undefined ? undefined : `${summary!.namespace}/${idempotency.key}`;
    if (seq !== commit.expected_seq || (key !== undefined && this.keys.has(key))) return false;
    this.seq.set(task_id, seq + commit.events.length);
    if (key !== undefined) this.keys.set(key, task_id);
    if (summary !== undefined) this.summaries.set(task_id, summary);
    for (const step of commit.undispatched) this.dispatches.delete(`${task_id}/${step}`);
    for (const row of commit.dispatched) this.dispatches.set(`${task_id}/${row.step_id}`, row);
    for (const [id, row] of this.timers) {
      if (row.task_id === task_id && commit.timers_cleared.includes(row.step_id)) this.timers.delete(id);
    }
    for (const row of commit.timers_set) this.timers.set(`${task_id}/${row.step_id}/${row.name}`, row);
    for (const step of commit.waiting_cleared) this.waiting.delete(`${task_id}/${step}`);
    for (const row of commit.waiting_set) this.waiting.set(`${task_id}/${row.step_id}`, row);
    for (const row of commit.dead_letters_set) this.deadLetters.set(`${task_id}/${row.step_id}`, row);
    return true;
  }

  /** Whether the task was there to be removed. */
  remove(task_id: string): boolean {
    if (this.summaries.get(task_id)?.settled_at == null) return false;
    this.seq.delete(task_id);
    this.summaries.delete(task_id);
    for (const rows of [this.dispatches, this.timers, this.waiting, this.deadLetters] as Map<
      string,
      { task_id: string }
    >[]) {
      for (const [id, row] of rows) if (row.task_id === task_id) rows.delete(id);
    }
    for (const [key, holder] of this.keys) if (holder === task_id) this.keys.delete(key);
    return true;
  }
}

const task = fc.constantFrom('t1', 't2', 't3');
const steps = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 });
const time = fc.integer({ min: 1, max: 4 });

const commits: fc.Arbitrary<(model: Model) => TaskCommit> = fc
  .record({
    task,
    offBy: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
    events: fc.integer({ min: 0, max: 3 }),
    at: time,
    dispatched: steps,
    undispatched: steps,
    timers_set: steps,
    timers_cleared: steps,
    waiting_set: steps,
    waiting_cleared: steps,
    dead_letters_set: steps,
    summary: fc.option(fc.constantFrom('running' as const, 'waiting' as const, 'complete' as const), {
      nil: undefined,
    }),
    key: fc.option(fc.constantFrom('k1', 'k2'), { nil: undefined, freq: 6 }),
  })
  .map((made) => (model) => {
    const seq = model.seq.get(made.task) ?? 0;
    const created_at = model.summaries.get(made.task)?.created_at ?? made.at;
    const summary = summaryOf(made.task, {
      status: made.summary ?? 'running',
      created_at,
      updated_at: made.at,
      settled_at: made.summary === 'complete' ? made.at : null,
    });
    return {
      task_id: made.task,
      expected_seq: Math.max(0, seq + made.offBy),
      events: Array.from({ length: made.events }, (_, i) => eventOf(seq + i + 1)),
      ...(made.summary === undefined && made.key === undefined ? {} : { summary }),
      ...(made.key === undefined ? {} : { idempotency: { key: made.key, body_digest: made.task } }),
      dispatched: made.dispatched.map((step) => dispatchOf(made.task, step, made.at)),
      undispatched: made.undispatched,
      timers_set: made.timers_set.map((step) => timerOf(made.task, step, `n${made.at % 2}`, made.at)),
      timers_cleared: made.timers_cleared,
      waiting_set: made.waiting_set.map((step) => waitingOf(made.task, step, made.at)),
      waiting_cleared: made.waiting_cleared,
      dead_letters_set: made.dead_letters_set.map((step) => deadLetterOf(made.task, step, made.at)),
    };
  });

/** Something asked of a store, and whether the model took it. */
type Asked = (model: Model) => { readonly taken: boolean; readonly ask: (store: Store) => Promise<void> };

const asked: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 6,
    arbitrary: commits.map(
      (make): Asked =>
        (model) => {
          const commit = make(model);
          return { taken: model.commit(commit), ask: (store) => store.commit(commit) };
        },
    ),
  },
  task.map(
    (task_id): Asked =>
      (model) => {
        const expected_seq = model.seq.get(task_id) ?? 0;
        return { taken: model.remove(task_id), ask: (store) => store.removeTask({ task_id, expected_seq }) };
      },
  ),
  task.map(
    (task_id): Asked =>
      (model) => {
        const seq = model.seq.get(task_id) ?? 0;
        const snapshot = { task_id, seq, version: 1, template_digest: '', bytes: new Uint8Array() };
        return { taken: true, ask: (store) => store.putSnapshot(snapshot) };
      },
  ),
);

/** No table, whatever it is for, has a row of a task that was removed. */
function assertNothingLeft(path: string, model: Model): void {
  const db = new DatabaseSync(path);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const removed = ['t1', 't2', 't3'].filter((id) => !model.seq.has(id) && !model.summaries.has(id));
  for (const { name } of tables) {
    const values = db
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .flatMap((row) => Object.values(row));
    assert.equal(
      removed.filter((id) => values.includes(id)),
      [],
      `table ${name}`,
    );
  }
  db.close();
}

async function assertAgrees(store: Store, model: Model): Promise<void> {
  const rows = <T extends object>(map: ReadonlyMap<string, T>, order: (row: T) => string): T[] =>
    [...map.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const limit = 2;
  for (const id of ['t1', 't2', 't3']) {
    const events = await store.readEvents(id, 0, 10_000);
    const expected = Array.from({ length: model.seq.get(id) ?? 0 }, (_, i) => ({ seq: i + 1, event: eventOf(i + 1) }));
    assert.equal(events, expected);
    assert.equal(await store.readSummary(id), model.summaries.get(id));
  }
  for (const key of ['k1', 'k2']) {
    assert.is((await store.findIdempotent('default', key))?.task_id, model.keys.get(`default/${key}`));
  }
  assert.equal(
    await walk((cursor) => store.listTasks({ limit, ...cursor })),
    rows(model.summaries, (row) => `${row.created_at}/${row.task_id}`).reverse(),
  );
  const placed = (at: number, row: { task_id: string; step_id: string }) => `${at}/${row.task_id}/${row.step_id}`;
  assert.equal(
    await walk((cursor) => store.listDispatches({ limit, ...cursor })),
    rows(model.dispatches, (row) => `${row.task_id}/${row.step_id}`),
  );
  assert.equal(
    await walk((cursor) => store.listWaiting({ limit, ...cursor })),
    rows(model.waiting, (row) => placed(row.since, row)),
  );
  assert.equal(
    await walk((cursor) => store.listDeadLetters({ limit, ...cursor })),
    rows(model.deadLetters, (row) => placed(row.first_at, row)).reverse(),
  );
  for (const until of [0, 2, 9]) {
    const settled = rows(model.summaries, (row) => `${row.settled_at}/${row.task_id}`).filter(
      (row) => row.status === 'complete' && row.settled_at! <= until,
    );
    const filter = { status: 'complete' as const, until };
    assert.equal(await walk((cursor) => store.listSettled({ ...filter, limit, ...cursor })), settled);
    assert.is(await store.countSettled(filter), settled.length);
  }
  const timers = rows(model.timers, (row) => `${placed(row.at, row)}/${row.name}`);
  for (const now of [0, 2, 9]) {
    const due = timers.filter((row) => row.at <= now);
    assert.equal(await store.dueTimers(now, 99), due);
    assert.is(await store.nextTimerAt(now), timers.find((row) => row.at > now)?.at);
  }
}

test('whatever is committed and removed, in groups and over reopenings, it agrees with maps', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weft-store-'));
  let runs = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(asked, { minLength: 1, maxLength: 5 }), { maxLength: 8 }), async (turns) => {
        const path = join(directory, `${runs++}.db`);
        const model = new Model();
        let store = await openSqliteStore({ path });
        try {
          for (const [i, turn] of turns.entries()) {
            const expected: boolean[] = [];
            const answers = turn.map((make) => {
              const { taken, ask } = make(model);
              expected.push(taken);
              return ask(store);
            });
            const taken = (await Promise.allSettled(answers)).map(({ status }) => status === 'fulfilled');
            assert.equal(taken, expected);
            if (i % 3 === 2) {
              await store.close();
              store = await openSqliteStore({ path });
            }
          }
          await assertAgrees(store, model);
        } finally {
          await store.close();
        }
        assertNothingLeft(path, model);
      }),
      { numRuns: 150 },
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
