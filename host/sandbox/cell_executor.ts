import type { Logger } from 'pino';
import { SMALL_FRAME_BYTES } from './cell/frames.ts';
import type { CellMeasure } from './cell/messages.ts';
import type { Cell } from './cell.ts';
import { UNMEASURED } from './cell_link.ts';
import { openCellPool } from './cell_pool.ts';
import type { ComponentStore } from './component_store.ts';
import { watchCpu } from './cpu_watch.ts';
import { type SandboxFailureCode, sandboxFailure } from './failures.ts';
import type { Executor, RunEnd, StepRun } from './port.ts';
import { judgeRun, type RunVerdict } from './run_end.ts';
import { stepRecord } from './step_record.ts';
import { createWarmth } from './warmth.ts';
import { createWear } from './wear.ts';

export interface CellExecutorOptions {
  /** How many processes, and so how many steps at once. */
  readonly cells: number;
  readonly components: Pick<ComponentStore, 'directory' | 'locate' | 'digests'>;
  /** Linear memory of any step; a run's own limit may be lower. */
  readonly memory_bytes_max: number;
  /** JavaScript heap of a cell. */
  readonly heap_mb_max: number;
  /** After so many runs a cell is replaced by a new one; 10,000 when absent. */
  readonly cell_runs_max?: number;
  readonly logger: Logger;
}

/** A run from its submission to its end. */
interface Job {
  readonly run: StepRun;
  readonly directory: string;
  readonly submitted_ms: number;
  readonly settle: (verdict: RunVerdict, measured?: CellMeasure) => void;
  started?: { readonly cell: Cell; readonly at_ms: number; readonly stopWatch: () => void };
}

const TIMER_MS_MAX = 2 ** 31 - 1;

const MIB = 1024 * 1024;
/** A new cell costs about as much as three hundred steps. */
const CELL_RUNS_MAX = 10_000;
/** How soon a component that was loaded later is known to cells that have nothing to do. */
const REFRESH_MS = 1_000;
/** Of a cell, besides the heap and what guests had: the engine's code, and instances that are not yet collected. */
const CELL_OWN_BYTES = 256 * MIB;

/**
 * Runs each step in a process of its own for as long as the step runs, in a fresh instance. More steps than cells
 * wait, first come first served; a step's timeout includes the wait. A cell is used again only after a run in which
 * its guest returned; after anything else it is killed and replaced. One that has worked much, or has grown, is replaced
 * as well. New cells rehearse the components before they are used, others what they have not run while nothing waits.
 */
export function createCellExecutor(options: CellExecutorOptions): Executor {
  const { components, memory_bytes_max, heap_mb_max, logger } = options;
  const waiting: Job[] = [];
  const running = new Set<Job>();
  const warmth = createWarmth(components, memory_bytes_max, logger);
  const wear = createWear({
    runs_max: options.cell_runs_max ?? CELL_RUNS_MAX,
    resident_bytes_max: heap_mb_max * MIB + 2 * memory_bytes_max + CELL_OWN_BYTES,
  });
  let closed = false;
  const idle = () => !closed && waiting.length === 0;
  const pool = openCellPool({
    size: options.cells,
    confinement: { readable: [components.directory], memory_bytes_max, heap_mb_max },
    logger,
    prepare: (cell) => warmth.warm(cell, idle),
    onFree: pump,
  });
  const refreshing = setInterval(refresh, REFRESH_MS).unref();

  return {
    capacity: options.cells,
    has: (digest) => components.locate(digest) !== undefined,
    run: (run) => new Promise((resolve) => submit(run, resolve)),
    async close() {
      closed = true;
      clearInterval(refreshing);
      for (const job of [...waiting, ...running]) job.settle(failed('cancelled', 'the executor closed'));
      await pool.close();
    },
  };

  /** One cell at a time, so that the others stay free. */
  async function refresh(): Promise<void> {
    const cell = idle() ? pool.take((free) => !warmth.isWarm(free)) : undefined;
    if (cell === undefined) return;
    await warmth.warm(cell, idle);
    pool.give(cell, false);
  }

  function submit(run: StepRun, resolve: (end: RunEnd) => void): void {
    const { limits, signal } = run;
    const directory = components.locate(run.digest);
    const timer = setTimeout(late, Math.min(limits.timeout_ms, TIMER_MS_MAX));
    const job: Job = { run, directory: directory ?? '', submitted_ms: performance.now(), settle };
    signal.addEventListener('abort', abort);
    if (directory === undefined) settle(failed('component_unavailable', run.digest));
    else if (signal.aborted) abort();
    else if (closed) settle(failed('cancelled', 'the executor closed'));
    else {
      waiting.push(job);
      pump();
    }

    function abort(): void {
      settle(failed('cancelled'));
    }

    function late(): void {
      const where = job.started === undefined ? ' of waiting for a free cell' : '';
      settle(failed('timeout', `${limits.timeout_ms} ms${where}`));
    }

    function settle(verdict: RunVerdict, measured?: CellMeasure): void {
      clearTimeout(timer);
      job.started?.stopWatch();
      signal.removeEventListener('abort', abort);
      if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1);
      running.delete(job);
      // Without a measure the guest is still running.
      if (measured === undefined) job.started?.cell.kill();
      resolve({ ...verdict, measure: measureOf(job, measured) });
    }
  }

  function pump(): void {
    for (let job = waiting[0]; job !== undefined; job = waiting[0]) {
      const { digest } = job.run;
      const cell = pool.take((free) => warmth.has(free, digest));
      if (cell === undefined) return;
      waiting.shift();
      void perform(job, cell);
    }
  }

  async function perform(job: Job, cell: Cell): Promise<void> {
    const { run, directory } = job;
    const { output_bytes_max, output_depth_max, io_bytes_max, request_bytes_max } = run.limits;
    job.started = { cell, at_ms: performance.now(), stopWatch: watchLimit(job, cell) };
    running.add(job);
    const order = {
      directory,
      memory_bytes_max: Math.min(run.limits.memory_bytes_max, memory_bytes_max),
      call: { name: 'run', step: stepRecord(run) },
      output_bytes_max,
      // JSON in JSON at most doubles; what does not fit is no JSON.
      frame_bytes_max: SMALL_FRAME_BYTES + 2 * Math.max(output_bytes_max, Math.min(io_bytes_max, request_bytes_max)),
    } as const;
    const report = await cell.perform(order, (name, args) => run.host.call(name, args));
    // It was settled meanwhile, by a timeout or an abort, and the cell with it.
    if (!running.has(job)) return;
    const { end, measure } = report;
    const verdict = judgeRun(report, {
      output_bytes_max,
      output_depth_max,
      memory_bytes_max: order.memory_bytes_max,
    });
    if (end.kind === 'returned' || end.kind === 'failed') {
      warmth.add(cell, run.digest);
      job.settle(verdict, measure);
      const isWorn = wear.ran(cell);
      // Work may have come before the cell was warm, and components after.
      if (idle() && !warmth.isWarm(cell)) await warmth.warm(cell, idle);
      pool.give(cell, isWorn);
    } else {
      cell.kill();
      if (end.kind === 'crashed' || end.kind === 'garbage' || end.kind === 'host_failed') {
        logger.warn({ end, cell_pid: cell.pid, ...run.identity }, 'a step ended its cell');
      }
      // A cell that is gone did not tell how long its guest ran.
      job.settle(verdict, measure === UNMEASURED ? undefined : measure);
    }
  }
}

/** Nothing is watched that the timeout ends before. */
function watchLimit({ run: { limits }, settle }: Job, cell: Cell): () => void {
  if (limits.cpu_ms_max >= limits.timeout_ms) return () => undefined;
  return watchCpu(cell.pid, limits.cpu_ms_max, () => settle(failed('cpu_exceeded', `${limits.cpu_ms_max} ms`)));
}

function failed(code: SandboxFailureCode, detail?: string): RunVerdict {
  return { kind: 'failure', failure: sandboxFailure(code, detail) };
}

function measureOf({ started, submitted_ms }: Job, measured: CellMeasure | undefined): RunEnd['measure'] {
  const now = performance.now();
  const seen = measured ?? {
    instantiate_ms: 0,
    run_ms: started === undefined ? 0 : now - started.at_ms,
    memory_bytes: 0,
  };
  return {
    queue_ms: toMicrosecond((started?.at_ms ?? now) - submitted_ms),
    instantiate_ms: toMicrosecond(seen.instantiate_ms),
    run_ms: toMicrosecond(seen.run_ms),
    memory_bytes: seen.memory_bytes,
    cell_pid: started?.cell.pid ?? 0,
  };
}

/** Milliseconds without the digits that no clock measured: they are kept in every journal. */
function toMicrosecond(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
