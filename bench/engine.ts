import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import type { TaskView } from '../host/orchestrator/port.ts';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { type NativeHandler, nativeHandlers, noop } from '../testing/native_executor.ts';
import { type Benchmark, quantile, table } from './report.ts';
import { measureRawCommits } from './store_ceiling.ts';

const NATIVE_CAPACITY = 64;
const W1_RUNS = 200;
const W2_TASKS = 2_000;
const W2_CONCURRENCY = 64;
const SIZES = [20, 200, 2_000];
const W3_WORKERS = 1_000;
const W3_RUNS = 10;
const W4_RUNS = 100;

interface Row {
  readonly name: string;
  readonly w1_ms_p50: number;
  readonly w1_ms_p99: number;
  readonly w2_steps_per_s: number;
  readonly w2_cpu_us_per_step: number;
  readonly w3_ms_p50: number;
  readonly w4_ms_p50: number;
}

/**
 * The engine's own cost. W1: four sequential steps, latency from submission to completion, one task at a time. W2:
 * 2,000 of them, 64 at a time. W3: a fan-out to 1,000 trivial steps and their convergence. W4: eight steps in a diamond,
 * 1 → 2 → 4 → 1. The native handler runs in the engine's process; the WASM one in cells, a fresh
 * instance each step. SQLite with `synchronous=FULL` everywhere; the raw ceilings are measured in the same run.
 */
export async function benchEngine(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  try {
    const outDirectory = join(directory, 'handlers');
    await buildHandlers({ directory: join(import.meta.dirname, 'handlers'), outDirectory });
    const raw = [1, 64].map((rows) => measureRawCommits(directory, rows));
    const native = await measure('native, in the engine’s process', () => start(directory, 'native'), { fanOut: true });
    const wasm = await measure('WASM, fresh instance in a cell', () => start(directory, outDirectory), {
      fanOut: false,
    });
    const sizes = await measureSizes(directory);
    return {
      table: [render([native, wasm]), renderSizes(sizes), renderRaw(raw)].join('\n\n'),
      data: {
        rows: [native, wasm] as unknown as Json,
        sizes: sizes as unknown as Json,
        raw: raw as unknown as Json,
      } as JsonObject,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function start(directory: string, handlers: 'native' | string): Promise<Weft> {
  const data = await mkdtemp(join(directory, 'data-'));
  const file = { WEFT_DATA_DIRECTORY: data, WEFT_CACHE_DIRECTORY: join(directory, 'cache') };
  const config = await loadConfig({ cwd: directory, env: file });
  const logger = pino({ level: 'silent' });
  if (handlers === 'native')
    return startWeft(config, { logger, native: nativeHandlers([noop, spread], NATIVE_CAPACITY) });
  return startWeft({ ...config, handlers: { ...config.handlers, directories: [handlers] } }, { logger });
}

async function measure(name: string, open: () => Promise<Weft>, { fanOut }: { fanOut: boolean }): Promise<Row> {
  const weft = await open();
  try {
    const template = chain(4);
    for (let i = 0; i < 20; i++) await runTask(weft, template);
    const latencies: number[] = [];
    for (let i = 0; i < W1_RUNS; i++) {
      const started = performance.now();
      await runTask(weft, template);
      latencies.push(performance.now() - started);
    }
    latencies.sort((a, b) => a - b);
    const { elapsed_ms, cpu_us } = await spent(() =>
      inParallel(W2_TASKS, W2_CONCURRENCY, () => runTask(weft, template)),
    );
    const steps = W2_TASKS * 4;
    return {
      name,
      w1_ms_p50: quantile(latencies, 0.5),
      w1_ms_p99: quantile(latencies, 0.99),
      w2_steps_per_s: (steps / elapsed_ms) * 1_000,
      // Of this process: engine, store, transport and broker; cells are processes of their own.
      w2_cpu_us_per_step: cpu_us / steps,
      w3_ms_p50: fanOut ? await median(W3_RUNS, () => runTask(weft, fanOutTo(W3_WORKERS))) : Number.NaN,
      w4_ms_p50: await median(W4_RUNS, () => runTask(weft, DIAMOND)),
    };
  } finally {
    await weft.close();
  }
}

/** Whether a step's cost grows with the size of its task. */
async function measureSizes(
  directory: string,
): Promise<{ shape: string; steps: number; cpu_us_per_step: number; ms: number }[]> {
  const weft = await start(directory, 'native');
  try {
    const measured = [];
    for (const [shape, make] of [
      ['chain', chain],
      ['parallel', parallel],
    ] as const) {
      await runTask(weft, make(200));
      for (const steps of SIZES) {
        const repeat = 2_000 / steps;
        const template = make(steps);
        // Validated before, as a template that runs often is: what is measured is the running.
        await weft.engine.check({ kind: 'document', document: template });
        const { elapsed_ms, cpu_us } = await spent(() => inParallel(repeat, 1, () => runTask(weft, template)));
        measured.push({ shape, steps, cpu_us_per_step: cpu_us / (steps * repeat), ms: elapsed_ms / repeat });
      }
    }
    return measured;
  } finally {
    await weft.close();
  }
}

async function spent(work: () => Promise<void>): Promise<{ elapsed_ms: number; cpu_us: number }> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { elapsed_ms: performance.now() - started, cpu_us: user + system };
}

async function inParallel(times: number, concurrency: number, work: () => Promise<unknown>): Promise<void> {
  let left = times;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await work();
    }),
  );
}

/** Submits and waits until it is complete. */
async function runTask({ engine }: Weft, document: Json): Promise<TaskView> {
  const { task } = await engine.submit({ template: { kind: 'document', document }, context: {}, principal: 'bench' });
  if (task.settled_at !== null) return task;
  for await (const { event } of engine.watch(task.task_id, task.seq, new AbortController().signal)) {
    if (event.kind === 'task_status_changed' && event.to !== 'complete') {
      if (event.to === 'error' || event.to === 'blocked_by_failures') throw new Error(`a task is ${event.to}`);
    }
  }
  return task;
}

function frame(name: string, steps: readonly Json[]): Json {
  return { name, version: '1.0.0', steps };
}

function noopStep(name: string, dependencies: readonly string[]): Json {
  return { name, handler: { catalog: 'noop', config: {} }, inputs: {}, dependencies };
}

/** Gives as many items as its inputs say. */
const spread: NativeHandler = {
  name: 'spread',
  run({ inputs }) {
    const items = Array.from({ length: (inputs as { readonly n: number }).n }, (_, n) => n);
    return { kind: 'batches', items, max_concurrency: 0, result: {} };
  },
};

function fanOutTo(workers: number): Json {
  return frame(`fan-out-${workers}`, [
    { name: 'spread', type: 'batchable', handler: { catalog: 'spread', config: {} }, inputs: { n: workers } },
    { ...(noopStep('work', ['spread']) as JsonObject), type: 'batch_worker' },
    { name: 'gather', handler: { catalog: 'noop', config: {} }, dependencies: ['work'] },
  ]);
}

const DIAMOND = frame('diamond', [
  noopStep('a', []),
  ...['b1', 'b2'].map((name) => noopStep(name, ['a'])),
  ...['c1', 'c2'].map((name) => noopStep(name, ['b1'])),
  ...['c3', 'c4'].map((name) => noopStep(name, ['b2'])),
  noopStep('d', ['c1', 'c2', 'c3', 'c4']),
]);

async function median(runs: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await work();
    taken.push(performance.now() - started);
  }
  return quantile(
    taken.sort((a, b) => a - b),
    0.5,
  );
}

function chain(length: number): Json {
  const steps = Array.from({ length }, (_, i) => noopStep(`s${i}`, i === 0 ? [] : [`s${i - 1}`]));
  return frame(`chain-${length}`, steps);
}

function parallel(length: number): Json {
  const steps = Array.from({ length }, (_, i) => noopStep(`s${i}`, []));
  return frame(`parallel-${length}`, steps);
}

function render(rows: readonly Row[]): string {
  return table(
    ['', 'W1 p50 ms', 'W1 p99 ms', 'W2 steps/s', 'W2 CPU µs/step', 'W3 p50 ms', 'W4 p50 ms'],
    rows.map((row) => [
      row.name,
      row.w1_ms_p50,
      row.w1_ms_p99,
      row.w2_steps_per_s,
      row.w2_cpu_us_per_step,
      row.w3_ms_p50,
      row.w4_ms_p50,
    ]),
  );
}

function renderSizes(sizes: Awaited<ReturnType<typeof measureSizes>>): string {
  return table(
    ['one task, native', 'steps', 'CPU µs/step', 'ms in all'],
    sizes.map(({ shape, steps, cpu_us_per_step, ms }) => [shape, String(steps), cpu_us_per_step, ms]),
  );
}

function renderRaw(raw: readonly ReturnType<typeof measureRawCommits>[]): string {
  return table(
    ['ceiling', 'commits/s', 'p50 ms', 'p99 ms'],
    raw.map((row) => [row.name, row.commits_per_s, row.latency_ms_p50, row.latency_ms_p99]),
  );
}
