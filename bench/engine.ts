import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import { buildHandlers } from '../host/toolchain/build_handlers.ts';
import type { Json } from '../kernel/json.ts';
import { nativeHandlers, noop } from '../testing/native_executor.ts';
import { type FanOutMeasure, measureFanOuts, renderFanOuts } from './fan_out.ts';
import { type Benchmark, quantile, table } from './report.ts';
import { measureRawCommits } from './store_ceiling.ts';
import {
  chain,
  DIAMOND,
  inParallel,
  latencies,
  median,
  parallel,
  runFanOut,
  runTask,
  spent,
  spread,
  sum,
} from './workload.ts';

const NATIVE_CAPACITY = 64;
const W1_RUNS = 200;
const W2_TASKS = 2_000;
const W2_CONCURRENCY = 64;
const W3_WORKERS = 1_000;
const W4_RUNS = 100;
const SIZES = [20, 200, 2_000];

/** How much of the slower workloads a row is measured with. */
interface Effort {
  readonly w3_runs: number;
  readonly fan_outs: readonly number[];
}

const NATIVE: Effort = { w3_runs: 10, fan_outs: [100, 1_000, 10_000] };
const WASM: Effort = { w3_runs: 1, fan_outs: [100, 1_000] };

interface Row {
  readonly name: string;
  readonly w1_ms_p50: number;
  readonly w1_ms_p99: number;
  readonly w2_steps_per_s: number;
  readonly w2_cpu_us_per_step: number;
  readonly w3_ms_p50: number;
  readonly w4_ms_p50: number;
}

/** A step's cost in a task of a size. */
interface SizeMeasure {
  readonly shape: string;
  readonly steps: number;
  readonly cpu_us_per_step: number;
  readonly ms: number;
}

/**
 * The engine's own cost. W1: four sequential steps, latency from submission to completion, one task at a time. W2:
 * 2,000 of them, 64 at a time. W3: a fan-out to 1,000 trivial steps and the sum of what they gave. W4: eight steps in
 * a diamond, 1 → 2 → 4 → 1. The native handlers run in the engine's process; the WASM ones in cells, a fresh
 * instance each step. SQLite with `synchronous=FULL` everywhere; the raw ceilings are measured in the same run.
 */
export async function benchEngine(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-'));
  try {
    const outDirectory = join(directory, 'handlers');
    await buildHandlers({ directory: join(import.meta.dirname, 'handlers'), outDirectory });
    const raw = [1, 64].map((rows) => measureRawCommits(directory, rows));
    const native = await measure('native, in the engine’s process', () => start(directory, 'native'), NATIVE);
    const wasm = await measure('WASM, fresh instance in a cell', () => start(directory, outDirectory), WASM);
    const rows = [native.row, wasm.row];
    const fan_outs = [...native.fan_outs, ...wasm.fan_outs];
    const sizes = await measureSizes(directory);
    return {
      table: [renderRows(rows), renderFanOuts(fan_outs), renderSizes(sizes), renderRaw(raw)].join('\n\n'),
      data: { rows, fan_outs, sizes, raw } as object as Benchmark['data'],
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
    return startWeft(config, { logger, native: nativeHandlers([noop, spread, sum], NATIVE_CAPACITY) });
  return startWeft({ ...config, handlers: { ...config.handlers, directories: [handlers] } }, { logger });
}

async function measure(
  name: string,
  open: () => Promise<Weft>,
  { w3_runs, fan_outs: sizes }: Effort,
): Promise<{ row: Row; fan_outs: FanOutMeasure[] }> {
  const weft = await open();
  try {
    const run = (template: Json) => () => runTask(weft, template);
    await inParallel(20, 1, run(chain(4)));
    const w1 = await latencies(W1_RUNS, run(chain(4)));
    const w2 = await spent(() => inParallel(W2_TASKS, W2_CONCURRENCY, run(chain(4))));
    const steps = W2_TASKS * 4;
    const row = {
      name,
      w1_ms_p50: quantile(w1, 0.5),
      w1_ms_p99: quantile(w1, 0.99),
      w2_steps_per_s: (steps / w2.elapsed_ms) * 1_000,
      w2_cpu_us_per_step: w2.cpu_us / steps,
      w3_ms_p50: await median(w3_runs, () => runFanOut(weft, W3_WORKERS)),
      w4_ms_p50: await median(W4_RUNS, run(DIAMOND)),
    };
    return { row, fan_outs: await measureFanOuts(name, weft, sizes) };
  } finally {
    await weft.close();
  }
}

/** Whether a step's cost grows with the size of its task. */
async function measureSizes(directory: string): Promise<SizeMeasure[]> {
  const weft = await start(directory, 'native');
  try {
    const measured: SizeMeasure[] = [];
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

function renderRows(rows: readonly Row[]): string {
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

function renderSizes(sizes: readonly SizeMeasure[]): string {
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
