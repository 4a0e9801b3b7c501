import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { evaluateScript } from '../../host/handler_author/native/script.ts';
import type { StepRecord } from '../../host/sandbox/cell/messages.ts';
import type { Cell } from '../../host/sandbox/cell.ts';
import { stepRun } from '../../host/sandbox/fixtures/runs.ts';
import { rehearse } from '../../host/sandbox/rehearsal.ts';
import { stepRecord } from '../../host/sandbox/step_record.ts';
import { inParallel } from '../workload.ts';
import { type Row, residentMb, rowOf, type Sample, sampled, sustained } from './figures.ts';
import { type Lab, MEMORY_BYTES_MAX } from './lab.ts';

const SUSTAINED_MS = 3_000;
/** As many as Weft has unless the operator says otherwise. */
const CELLS = 2;
const NATIVE_RUNS = 5_000;
const INSTANCES = 400;
const STARLING_INSTANCES = 60;
/** Cells that run, each for the first time, every variant. */
const CELLS_OF_FIRST_RUNS = 10;
const FRESH_CELLS = 20;
const THREADS = 100;
const PROCESSES = 30;
const THREADS_HELD = 8;

const INPUTS = { a: 1, b: ['two', 3] };
const LIMITS = { memory_bytes_max: MEMORY_BYTES_MAX };
const PROGRAM = join(import.meta.dirname, 'step_program.ts');

/** Every way of running the step that completes with its inputs. */
export async function measureWays(lab: Lab): Promise<Row[]> {
  return [
    await nativeCalls(lab),
    await freshInstances(lab, 'fresh instance in a warm cell', 'noop', INSTANCES),
    await firstRuns(lab, 'first run of a handler, rehearsed by its cell', true),
    await firstRuns(lab, 'first run of a handler that its cell never saw', false),
    await freshCells(lab),
    await freshInstances(lab, 'fresh instance in a warm cell, StarlingMonkey', 'noop_starling', STARLING_INSTANCES),
    await threads(lab),
    await processes(lab),
  ];
}

function record(): StepRecord {
  return stepRecord(stepRun('noop', {}, { inputs: INPUTS }));
}

async function nativeCalls({ nativeScript }: Lab): Promise<Row> {
  const handler = evaluateScript(nativeScript, {});
  const call = async () => handler.run(record());
  await inParallel(NATIVE_RUNS, 1, call);
  const samples = await sampled(NATIVE_RUNS, () => timed(call));
  return rowOf('native call in the process', samples, {
    steps_per_s: await sustained(SUSTAINED_MS, 1, call),
    rss_mb: null,
  });
}

async function freshInstances(lab: Lab, name: string, handler: string, times: number): Promise<Row> {
  const digest = lab.digests.get(handler)!;
  const one = lab.openExecutor(1, [handler]);
  const run = () => one.run(stepRun(digest, {}, { inputs: INPUTS, limits: LIMITS }));
  let samples: Sample[];
  let rss_mb: number;
  try {
    await inParallel(Math.ceil(times / 4), 1, run);
    samples = await sampled(times, async () => {
      const started = performance.now();
      const { kind, measure } = await run();
      if (kind === 'failure') throw new Error(`${handler} failed`);
      return { seen_ms: performance.now() - started, inside_ms: measure.instantiate_ms + measure.run_ms };
    });
    rss_mb = residentMb((await run()).measure.cell_pid);
  } finally {
    await one.close();
  }
  const all = lab.openExecutor(CELLS, [handler]);
  try {
    const load = () => all.run(stepRun(digest, {}, { inputs: INPUTS, limits: LIMITS }));
    await inParallel(CELLS * 20, CELLS, load);
    return rowOf(name, samples, { steps_per_s: await sustained(SUSTAINED_MS, CELLS * 4, load), rss_mb });
  } finally {
    await all.close();
  }
}

/** Each variant once in each of some cells that are warm: they have run other handlers, or these in rehearsal. */
async function firstRuns(lab: Lab, name: string, isRehearsed: boolean): Promise<Row> {
  const samples: Sample[] = [];
  let rss_mb = 0;
  for (let i = 0; i < CELLS_OF_FIRST_RUNS; i++) {
    const cell = lab.startCell();
    try {
      await cell.ready;
      const before = isRehearsed ? ['noop', ...lab.variants] : ['noop', 'transform'];
      for (const handler of before) await rehearse(cell, lab.locate(handler), MEMORY_BYTES_MAX);
      for (const handler of lab.variants) samples.push(await orderIn(cell, lab.locate(handler)));
      rss_mb = residentMb(cell.pid);
    } finally {
      cell.kill();
      await cell.exited;
    }
  }
  const total_ms = samples.reduce((sum, { seen_ms }) => sum + seen_ms, 0);
  return rowOf(name, samples, { steps_per_s: (samples.length / total_ms) * 1_000, rss_mb });
}

async function freshCells(lab: Lab): Promise<Row> {
  let rss_mb = 0;
  const started = performance.now();
  const samples = await sampled(FRESH_CELLS, async () => {
    const begun = performance.now();
    const cell = lab.startCell();
    try {
      await cell.ready;
      const { inside_ms } = await orderIn(cell, lab.locate('noop'));
      const sample = { seen_ms: performance.now() - begun, inside_ms };
      rss_mb = residentMb(cell.pid);
      return sample;
    } finally {
      cell.kill();
      await cell.exited;
    }
  });
  const steps_per_s = (FRESH_CELLS / (performance.now() - started)) * 1_000;
  return rowOf('fresh cell', samples, { steps_per_s, rss_mb });
}

async function orderIn(cell: Cell, directory: string): Promise<Required<Sample>> {
  const order = {
    directory,
    memory_bytes_max: MEMORY_BYTES_MAX,
    call: { name: 'run', step: record() },
    output_bytes_max: 1024 * 1024,
    frame_bytes_max: 3 * 1024 * 1024,
  } as const;
  const started = performance.now();
  const { end, measure } = await cell.perform(order, async () => ({ ok: undefined }));
  const seen_ms = performance.now() - started;
  if (end.kind !== 'returned') throw new Error(`a run ended by ${end.kind}`);
  return { seen_ms, inside_ms: measure.instantiate_ms + measure.run_ms };
}

async function threads({ script }: Lab): Promise<Row> {
  const start = () => new Worker(PROGRAM, { workerData: script });
  const perform = async (worker: Worker) => {
    worker.postMessage(record());
    await once(worker, 'message');
  };
  const step = async () => {
    const worker = start();
    await perform(worker);
    await worker.terminate();
  };
  await inParallel(4, 1, step);
  const samples = await sampled(THREADS, () => timed(step));
  const steps_per_s = await sustained(SUSTAINED_MS, CELLS, step);
  const before = residentMb(process.pid);
  const held = Array.from({ length: THREADS_HELD }, start);
  await Promise.all(held.map(perform));
  const rss_mb = (residentMb(process.pid) - before) / THREADS_HELD;
  await Promise.all(held.map((worker) => worker.terminate()));
  return rowOf('worker thread for each step, native', samples, { steps_per_s, rss_mb });
}

async function processes({ script }: Lab): Promise<Row> {
  let rss_mb = 0;
  const step = async () => {
    const child = fork(PROGRAM, [script]);
    const exited = once(child, 'exit');
    child.send(record());
    await once(child, 'message');
    rss_mb = residentMb(child.pid!);
    child.kill('SIGKILL');
    await exited;
  };
  const samples = await sampled(PROCESSES, () => timed(step));
  const steps_per_s = await sustained(SUSTAINED_MS, CELLS, step);
  return rowOf('forked process for each step, native', samples, { steps_per_s, rss_mb });
}

async function timed(work: () => Promise<unknown>): Promise<Sample> {
  const started = performance.now();
  await work();
  return { seen_ms: performance.now() - started };
}
