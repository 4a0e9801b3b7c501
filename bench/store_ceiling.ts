import { randomUUIDv7 } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TaskCommit } from '../host/store/port.ts';
import { openSqliteStore } from '../host/store/sqlite/sqlite_store.ts';
import type { TaskEvent } from '../kernel/task/events.ts';

/** What one way of committing cost. */
export interface CommitMeasure {
  readonly name: string;
  readonly commits_per_s: number;
  readonly cpu_us_per_commit: number;
  /** From asking for a commit to knowing it durable. */
  readonly latency_ms_p50: number;
  readonly latency_ms_p99: number;
}

/**
 * What SQLite alone can do in this directory under the store's settings (WAL, `synchronous=FULL`): the ceiling that
 * the engine is compared with. `rows` rows of 600 bytes a transaction; a row counts as a commit.
 */
export function measureRawCommits(directory: string, rows: number, duration_ms = 1_500): CommitMeasure {
  const db = new DatabaseSync(join(directory, `raw_${rows}.db`));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
  db.exec('CREATE TABLE journal (id INTEGER PRIMARY KEY, task_id TEXT NOT NULL, events TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO journal (task_id, events) VALUES (?, ?)');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const events = 'x'.repeat(600);
  const meter = startMeter(`raw SQLite, ${rows} row(s) a transaction`);
  for (const end = performance.now() + duration_ms; performance.now() < end; ) {
    const asked = performance.now();
    begin.run();
    for (let i = 0; i < rows; i++) insert.run('01980000-0000-7000-8000-000000000000', events);
    commit.run();
    for (let i = 0; i < rows; i++) meter.committed(asked);
  }
  db.close();
  return meter.end();
}

/** The store itself: `concurrency` tasks of six commits, each with two events and one dispatch answered and made. */
export async function measureStoreCommits(
  directory: string,
  concurrency: number,
  duration_ms = 1_500,
): Promise<CommitMeasure> {
  const store = await openSqliteStore({ path: join(directory, `store_${concurrency}.db`) });
  const meter = startMeter(`the store, ${concurrency} task(s) at a time`);
  const end = performance.now() + duration_ms;
  const runTasks = async (): Promise<void> => {
    while (performance.now() < end) {
      const task_id = randomUUIDv7();
      for (let step = 0; step < 6; step++) {
        const asked = performance.now();
        await store.commit(commitOf(task_id, step));
        meter.committed(asked);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runTasks));
  const measure = meter.end();
  await store.close();
  return measure;
}

/** What a task commits when a step completes and the next is dispatched. */
function commitOf(task_id: string, step: number): TaskCommit {
  const at = Date.now();
  const fence = { attempt: 1, activation: 0, at };
  const events: TaskEvent[] = [
    {
      kind: 'step_completed',
      step_id: `${task_id}.${step}`,
      ...fence,
      result: { status: 200, body: { orders: [1, 2, 3], next: 'abc' } },
      receipt: { broker: 'b1', claimed_at: at, queue_ms: 0.1, run_ms: 1.25, memory_bytes: 2_097_152 },
    },
    { kind: 'step_enqueued', step_id: `${task_id}.${step + 1}`, ...fence },
  ];
  return {
    task_id,
    expected_seq: step * 2,
    events,
    dispatched: [
      {
        task_id,
        step_id: `${task_id}.${step + 1}`,
        attempt: 1,
        activation: 0,
        namespace: 'default',
        enqueued_at: at,
      },
    ],
    undispatched: [`${task_id}.${step}`],
    timers_set: [],
    timers_cleared: [],
    waiting_set: [],
    waiting_cleared: [],
    dead_letters_set: [],
  };
}

function startMeter(name: string): { committed(asked: number): void; end(): CommitMeasure } {
  const latencies: number[] = [];
  const started = performance.now();
  const cpu = process.cpuUsage();
  return {
    committed: (asked) => latencies.push(performance.now() - asked),
    end() {
      const elapsed_ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      latencies.sort((a, b) => a - b);
      return {
        name,
        commits_per_s: Math.round((latencies.length / elapsed_ms) * 1_000),
        cpu_us_per_commit: round((user + system) / latencies.length),
        latency_ms_p50: round(latencies[Math.floor(latencies.length * 0.5)]!),
        latency_ms_p99: round(latencies[Math.floor(latencies.length * 0.99)]!),
      };
    },
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

if (import.meta.main) {
  const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'weft-store-ceiling-'));
  const measures = [
    measureRawCommits(directory, 1),
    measureRawCommits(directory, 64),
    await measureStoreCommits(directory, 1),
    await measureStoreCommits(directory, 8),
    await measureStoreCommits(directory, 64),
  ];
  rmSync(directory, { recursive: true });
  console.table(measures);
}
