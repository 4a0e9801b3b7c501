import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pino } from 'pino';
import { Snapshots } from '../host/orchestrator/snapshots.ts';
import type { Store } from '../host/store/port.ts';
import { openSqliteStore } from '../host/store/sqlite/sqlite_store.ts';
import { apply, fold } from '../kernel/task/apply.ts';
import type { Environment } from '../kernel/task/commands.ts';
import { decide } from '../kernel/task/decide.ts';
import { emptyTask, type TaskState } from '../kernel/task/state.ts';
import { compileTrusted } from '../kernel/template/compile.ts';
import type { CompiledTemplate } from '../kernel/template/types.ts';
import { step, template } from '../testing/task_player.ts';
import { type Benchmark, quantile, table } from './report.ts';

const ROUNDS = 9;
const SIZES = [1_000, 10_000, 50_000];
const NO_ROWS = {
  dispatched: [],
  undispatched: [],
  timers_set: [],
  timers_cleared: [],
  waiting_set: [],
  waiting_cleared: [],
  dead_letters_set: [],
};
const ENV: Environment = {
  resolveHandler: (name) => ({ name, version: '1.0.0', digest: `sha256:${name}` }),
  checkDispatch: () => [],
  checkResult: () => [],
  checkSchema: () => [],
  checkSignal: () => [],
  checkOutput: () => [],
  outputSchema: () => undefined,
  callCap: () => undefined,
  validatePlan: () => ({ ok: false, diagnostics: [] }),
};
const BATCH = compileTrusted(
  template(
    step('split', { type: 'batchable' }),
    step('work', { type: 'batch_worker', dependencies: ['split'] }),
    step('end', { dependencies: ['work'] }),
  ),
  'sha256:batch',
);
const LOOP = compileTrusted(
  template(step('poll', { retry: { max_attempts: 1_000_000, backoff: 'none', base_ms: 1, max_ms: 1, jitter: 0 } })),
  'sha256:loop',
);

/** A task whose journal is filled to a number of events by commits of a few events each. */
type Filled = (store: Store, taskId: string, events: number) => Promise<TaskState>;

/** Every event is of another step: the state grows with the journal. */
const batch: Filled = (store, taskId, events) =>
  play(store, taskId, BATCH, async (perform, state) => {
    const fence = { attempt: 1, activation: 0, at: 2_000 };
    const items = Array.from({ length: Math.ceil(events / 2) }, (_, index) => ({ order: index, lines: [1, 2, 3] }));
    const outcome = { kind: 'batches' as const, items, max_concurrency: 16, result: {} };
    await perform({ kind: 'record_outcome', ...fence, step_id: `${taskId}.0`, outcome });
    for (let index = 0; state().head.seq < events; index++) {
      const result = { status: 200, body: { order: index, total: 12.5, state: 'shipped' } };
      const receipt = { broker: 'host/1', claimed_at: 2_000, queue_ms: 0.1, run_ms: 1.25, memory_bytes: 2_097_152 };
      const done = { kind: 'complete' as const, result };
      await perform({ kind: 'record_outcome', ...fence, step_id: `${taskId}.0.${index}`, outcome: done, receipt });
    }
  });

/** Every event is of the same step: the state stays small. */
const loop: Filled = (store, taskId, events) =>
  play(store, taskId, LOOP, async (perform, state) => {
    const step_id = `${taskId}.0`;
    const failure = { code: 'not_ready', message: 'the report is not ready', retryable: true };
    for (let attempt = 1; state().head.seq < events; attempt++) {
      const fence = { step_id, attempt, activation: 0, at: 2_000 };
      await perform({ kind: 'record_failure', ...fence, failure });
      await perform({ kind: 'fire_retry', ...fence });
    }
  });

async function play(
  store: Store,
  task_id: string,
  compiled: CompiledTemplate,
  go: (perform: (command: Parameters<typeof decide>[1]) => Promise<void>, state: () => TaskState) => Promise<void>,
): Promise<TaskState> {
  let state = emptyTask(compiled, new Map(), new Map());
  const commits: Promise<void>[] = [];
  const perform = async (command: Parameters<typeof decide>[1]): Promise<void> => {
    const expected_seq = state.head.seq;
    const events = decide(state, command, ENV);
    for (const event of events) state = apply(state, event);
    commits.push(store.commit({ task_id, expected_seq, events, ...NO_ROWS }));
    if (commits.length % 500 === 0) await commits.at(-1);
  };
  await perform({ kind: 'create', at: 1_000, task_id, context: {}, submitted_by: 'bench' });
  await go(perform, () => state);
  await Promise.all(commits);
  return state;
}

async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  return quantile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

/** How long a task that is not in memory takes to load: the whole journal folded, and from snapshots of it. */
export async function benchSnapshots(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  const store = await openSqliteStore({ path: join(directory, 'weft.db') });
  const rows: { name: string; events: number; fold_ms: number; at_end_ms: number; at_half_ms: number; kb: number }[] =
    [];
  try {
    for (const [name, fill, compiled] of [
      ['many steps', batch, BATCH],
      ['one step', loop, LOOP],
    ] as const) {
      for (const size of SIZES) {
        const taskId = `${name} ${size}`.replaceAll(' ', '_');
        const state = await fill(store, taskId, size);
        const options = { store, logger: pino({ level: 'silent' }), loadTemplate: async () => compiled, events_min: 1 };
        const snapshots = new Snapshots(options);
        const load = () => median(() => snapshots.load(taskId));
        const fold_ms = await median(async () => fold(compiled, await store.readJournal(taskId)));
        snapshots.committed(state);
        await snapshots.idle();
        const kb = (await store.readSnapshot(taskId))!.bytes.length / 1024;
        const at_end_ms = await load();
        const entries = await store.readJournal(taskId);
        const half = fold(
          compiled,
          entries.filter(({ seq }) => seq <= state.head.seq / 2),
        );
        const earlier = new Snapshots(options);
        earlier.committed(half);
        await earlier.idle();
        rows.push({ name, events: state.head.seq, fold_ms, at_end_ms, at_half_ms: await load(), kb });
      }
    }
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
  return {
    table: table(
      ['task', 'events', 'fold ms', 'snapshot at the end ms', 'snapshot at half ms', 'snapshot KB'],
      rows.map((row) => [row.name, row.events, row.fold_ms, row.at_end_ms, row.at_half_ms, row.kb]),
    ),
    data: { rows },
  };
}
