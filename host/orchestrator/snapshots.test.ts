import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { WeftError } from '../../kernel/errors.ts';
import { STATE_VERSION } from '../../kernel/task/snapshot.ts';
import type { TaskState } from '../../kernel/task/state.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { bursts, COMPILED, ENV, TASKS, type Told } from '../../testing/arbitrary_commands.ts';
import { journal, Rig, settled, step, submitted } from '../../testing/engine_rig.ts';
import { snapshot as textOf } from '../../testing/simulator/invariants.ts';
import { assert, suite } from '../../testing/suite.ts';
import { commitOf } from '../store/conformance/rows.ts';
import type { SnapshotRow, Store } from '../store/port.ts';
import { openSqliteStore } from '../store/sqlite/sqlite_store.ts';
import { Snapshots } from './snapshots.ts';
import { TaskHost } from './task_host.ts';

const test = suite('snapshots of tasks');

const { task_id: _id, expected_seq: _seq, events: _events, ...ROWS } = commitOf('', 0);

/** A store on fresh storage, and what was written and read of snapshots. */
interface Watched {
  readonly store: Store;
  readonly put: SnapshotRow[];
  readonly readAfter: number[];
  readonly warnings: string[];
  fails: boolean;
}

async function withStore(use: (watched: Watched) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-snapshots-'));
  const sqlite = await openSqliteStore({ path: join(directory, 'weft.db') });
  const put: SnapshotRow[] = [];
  const readAfter: number[] = [];
  const store: Store = {
    ...sqlite,
    putSnapshot: async (row) => {
      if (watched.fails) throw new WeftError('store_unavailable', { problem: 'the test says so' });
      await sqlite.putSnapshot(row);
      put.push(row);
    },
    readJournal: (taskId, after) => {
      readAfter.push(after ?? 0);
      return sqlite.readJournal(taskId, after);
    },
  };
  const watched: Watched = { store, put, readAfter, warnings: [], fails: false };
  try {
    await use(watched);
  } finally {
    await sqlite.close();
    await rm(directory, { recursive: true });
  }
}

/** A host that forgets a task as soon as another has its turn. */
function host({ store, warnings }: Watched, events_min: number | undefined, compiled: CompiledTemplate = COMPILED) {
  const logger = { warn: (_: unknown, text: string) => void warnings.push(text) } as never;
  const loadTemplate = async () => compiled;
  const snapshots =
    events_min === undefined ? {} : { snapshots: new Snapshots({ store, logger, loadTemplate, events_min }) };
  const plan = () => ({ commit: ROWS, afterwards: () => undefined });
  return new TaskHost({ store, env: ENV, loadTemplate, plan, cachedTasksMax: 1, ...snapshots });
}

async function tellAll(to: TaskHost, told: readonly (readonly Told[])[]): Promise<string[]> {
  for (const task_id of TASKS) {
    const command = { kind: 'create', at: 1_000, task_id, context: {}, submitted_by: 'ada' } as const;
    await to.create(command, { compiled: COMPILED }, () => undefined);
  }
  for (const burst of told) {
    await Promise.allSettled(burst.map(({ task, command }) => to.perform(task, command, () => undefined)));
    // As in life, where a snapshot is written long before its task is read again.
    await to.idle();
  }
  return Promise.all(TASKS.map((task) => to.look(task, textOf)));
}

const text = (of: TaskHost, task: string): Promise<string> => of.look(task, (state: TaskState) => textOf(state));

const headOf = (of: TaskHost) => of.look('t0', ({ head: { seq, paused } }) => ({ seq, paused }));

/** Makes a task and lets its journal grow by one event with each pause. */
async function grow(to: TaskHost, events: number): Promise<void> {
  const command = { kind: 'create', at: 1_000, task_id: 't0', context: {}, submitted_by: 'ada' } as const;
  await to.create(command, { compiled: COMPILED }, () => undefined);
  for (let { seq, paused } = await headOf(to); seq < events; { seq, paused } = await headOf(to)) {
    const kind = paused ? 'resume' : 'pause';
    await to.perform('t0', { kind, at: 2_000, by: 'ada', reason: 'because' }, () => undefined);
  }
  await to.idle();
}

test('with and without snapshots, tasks come to the same', () =>
  fc.assert(
    fc.asyncProperty(bursts, async (told) => {
      const states: string[][] = [];
      for (const events_min of [undefined, 1]) {
        await withStore(async (watched) => {
          states.push(await tellAll(host(watched, events_min), told));
          assert.equal([watched.put.length > 0, watched.warnings], [events_min === 1, []]);
        });
      }
      assert.equal(states[1], states[0]);
    }),
    { numRuns: 15 },
  ));

test('one is taken when the journal is long enough, and whenever it has doubled since', () =>
  withStore(async (watched) => {
    await grow(host(watched, 10), 170);
    const seqs = watched.put.map(({ seq }) => seq);
    assert.ok(seqs[0]! >= 10 && seqs[0]! < 14, `${seqs}`);
    for (const [i, seq] of seqs.entries())
      assert.ok(i === 0 || (seq >= 2 * seqs[i - 1]! && seq <= 2 * seqs[i - 1]! + 2));
    assert.is(seqs.length, 5, `${seqs}`);
    // A host that read it goes on counting from there.
    const again = host(watched, 10);
    await again.perform('t0', { kind: 'pause', at: 3_000, by: 'ada', reason: 'because' }, () => undefined);
    await again.idle();
    assert.is(watched.put.length, 5);
  }));

test('only the journal after the snapshot is read', () =>
  withStore(async (watched) => {
    await grow(host(watched, 10), 100);
    const whole = await text(host(watched, undefined), 't0');
    watched.readAfter.length = 0;
    assert.is(await text(host(watched, 10), 't0'), whole);
    assert.equal(watched.readAfter, [watched.put.at(-1)!.seq]);
  }));

test('one that cannot be written is logged, and nothing changes by it', () =>
  withStore(async (watched) => {
    watched.fails = true;
    await grow(host(watched, 10), 50);
    assert.ok(watched.warnings.length > 0);
    assert.match(watched.warnings[0]!, 'could not be written');
    assert.is(await host(watched, 10).look('t0', ({ head }) => head.seq >= 50), true);
  }));

test('one that is damaged, or of another version or template, is ignored aloud', () =>
  withStore(async (watched) => {
    await grow(host(watched, 10), 100);
    const whole = await text(host(watched, undefined), 't0');
    const row = watched.put.at(-1)!;
    const flipped = Uint8Array.from(row.bytes);
    flipped[flipped.length >> 1]! ^= 1;
    const other = { ...COMPILED, digest: 'sha256:other' };
    const cases: readonly (readonly [SnapshotRow, CompiledTemplate?])[] = [
      [{ ...row, bytes: flipped }],
      [{ ...row, bytes: row.bytes.subarray(0, 20) }],
      [{ ...row, bytes: new Uint8Array() }],
      [{ ...row, version: STATE_VERSION + 1 }],
      [row, other],
    ];
    for (const [unusable, compiled] of cases) {
      await watched.store.putSnapshot(unusable);
      watched.warnings.length = 0;
      watched.readAfter.length = 0;
      assert.is(await text(host(watched, 10, compiled), 't0'), whole);
      assert.equal(watched.warnings, ['a snapshot cannot be used; the whole journal is folded']);
      assert.is(watched.readAfter.at(-1), 0);
    }
  }));

test('a task goes on from its snapshot after a restart', () =>
  Rig.with(async (rig) => {
    const parts = { snapshot_events_min: 4 };
    const first = await rig.start({ parts });
    const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
    const steps = names.map((name, i) => step(name, { dependencies: i === 0 ? [] : [names[i - 1]!] }));
    const taskId = await submitted(first.engine, ...steps);
    const task = await settled(first.engine, taskId);
    await first.close();
    const second = await rig.start({ parts });
    assert.equal(await second.engine.task(taskId), task);
    assert.ok((await journal(second.engine, taskId)).length > 20);
    await second.close();
    // As written.
    const store = await openSqliteStore({ path: join(rig.directory, 'weft.db') });
    const row = await store.readSnapshot(taskId);
    assert.ok(row !== undefined && row.seq >= task.seq / 2);
    await store.close();
  }));
