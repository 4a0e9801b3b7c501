import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import type { TaskView } from '../host/orchestrator/port.ts';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { nativeHandlers, noop } from '../testing/native_executor.ts';
import { type Benchmark, quantile, table } from './report.ts';
import { measureRawCommits } from './store_ceiling.ts';

const NATIVE_CAPACITY = 64;
const W1_RUNS = 200;
const W2_TASKS = 2_000;
const W2_CONCURRENCY = 64;
const SIZES = [20, 200, 2_000];

interface Row {
  readonly name: string;
  readonly w1_ms_p50: number;
  readonly w1_ms_p99: number;
  readonly w2_steps_per_s: number;
  readonly w2_cpu_us_per_step: number;
}

/**
 * The engine's own cost. W1: four sequential steps, latency from submission to completion, one task at a time. W2:
 * 2,000 of them, 64 at a time. The native handler runs in the engine's process; the WASM one in cells, a fresh
 * instance each step. SQLite with `synchronous=FULL` everywhere; the raw ceilings are measured in the same run.
 */
export async function benchEngine(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  try {
    const outDirectory = join(directory, 'handlers');
    await buildHandlers({ directory: join(import.meta.dirname, 'handlers'), outDirectory });
    const raw = [1, 64].map((rows) => measureRawCommits(directory, rows));
    const native = await measure('native, in the engine’s process', () => start(directory, 'native'));
    const wasm = await measure('WASM, fresh instance in a cell', () => start(directory, outDirectory));
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
  if (handlers === 'native') return startWeft(config, { logger, native: nativeHandlers([noop], NATIVE_CAPACITY) });
  return startWeft({ ...config, handlers: { directories: [handlers] } }, { logger });
}

async function measure(name: string, open: () => Promise<Weft>): Promise<Row> {
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
    ['', 'W1 p50 ms', 'W1 p99 ms', 'W2 steps/s', 'W2 CPU µs/step'],
    rows.map((row) => [row.name, row.w1_ms_p50, row.w1_ms_p99, row.w2_steps_per_s, row.w2_cpu_us_per_step]),
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
