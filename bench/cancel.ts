import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import type { OperatorConfig } from '../host/config/types.ts';
import type { Executor } from '../host/sandbox/port.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { startHttpServer } from '../testing/http_server.ts';
import { type NativeHandler, nativeHandlers } from '../testing/native_executor.ts';
import { type Benchmark, quantile, table } from './report.ts';

const WORKERS = 1_000;
const RUNS = 10;
const CELLS = 8;
/** Long enough that nothing ends by itself. */
const TIMEOUT_MS = 120_000;
/** How long the last cancelled run may take to leave the broker. */
const CLEAR_MS_MAX = 60_000;

interface Row {
  readonly name: string;
  /** In flight at the broker when the task is cancelled; the others are dispatched and wait in its queue. */
  readonly running: number;
  readonly settled_ms_p50: number;
  readonly settled_ms_max: number;
  readonly clear_ms_p50: number;
  readonly clear_ms_max: number;
}

/**
 * Cancelling a task in the middle of 1,000 workers. *Settled*: from the call to its answer, when every step is
 * cancelled and that is durable. *Clear*: until no run is left at the broker. Native: 1,000 runs that end only when
 * they are aborted, all in flight. Cells: as many runs as there are cells, each in an HTTP call that nobody answers;
 * aborting kills the cell.
 */
export async function benchCancel(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-cancel-'));
  const silent = await startHttpServer(() => undefined);
  try {
    const native = await measure('native, 1,000 at once', WORKERS, HANGING, (count) =>
      open(directory, {}, count, true),
    );
    const egress = { allow: [{ scheme: 'http', host: '127.0.0.1', port: silent.port, private: true }] } as const;
    const cells = await measure(`WASM in ${CELLS} cells`, CELLS, calling(silent.port), (count) =>
      open(directory, { egress, broker: { cells: CELLS } }, count, false),
    );
    const rows = [native, cells];
    return {
      table: table(
        [`cancel of ${WORKERS} workers`, 'running', 'settled p50 ms', 'max', 'broker clear p50 ms', 'max'],
        rows.map((row) => [
          row.name,
          String(row.running),
          row.settled_ms_p50,
          row.settled_ms_max,
          row.clear_ms_p50,
          row.clear_ms_max,
        ]),
      ),
      data: { workers: WORKERS, runs: RUNS, rows: rows as unknown as Json },
    };
  } finally {
    await silent.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** How many runs an executor has. */
class Counter {
  running = 0;

  readonly through = (executor: Executor): Executor => ({
    capacity: executor.capacity,
    has: (digest) => executor.has(digest),
    run: (run) => {
      // What makes the workers is not one of them.
      const one = Number(run.identity.step_name.startsWith('work['));
      this.running += one;
      return executor.run(run).finally(() => (this.running -= one));
    },
    close: () => executor.close(),
  });
}

async function open(
  directory: string,
  rest: { readonly egress?: OperatorConfig['egress']; readonly broker?: Partial<OperatorConfig['broker']> },
  counter: Counter,
  isNative: boolean,
): Promise<Weft> {
  const data = await mkdtemp(join(directory, 'data-'));
  const env = { WEFT_DATA_DIRECTORY: data, WEFT_CACHE_DIRECTORY: join(directory, 'cache') };
  const config = await loadConfig({ cwd: directory, env });
  const own = { ...config, ...rest, broker: { ...config.broker, ...rest.broker } };
  const parts = { throughExecutor: counter.through };
  const native = isNative ? { native: nativeHandlers([spread, hang], WORKERS + 1) } : {};
  return startWeft(own, { logger: pino({ level: 'silent' }), parts, ...native });
}

async function measure(
  name: string,
  running: number,
  document: JsonObject,
  start: (counter: Counter) => Promise<Weft>,
): Promise<Row> {
  const counter = new Counter();
  const weft = await start(counter);
  try {
    const settled: number[] = [];
    const clear: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const { engine } = weft;
      const template = { kind: 'document', document } as const;
      const { task } = await engine.submit({ template, context: {}, principal: 'bench' });
      while (counter.running < running) await sleep(5);
      const started = performance.now();
      const { status } = await engine.cancel(task.task_id, { by: 'bench', reason: 'measured' });
      settled.push(performance.now() - started);
      if (status !== 'cancelled') throw new Error(`the task is ${status}`);
      while (counter.running > 0 && performance.now() - started < CLEAR_MS_MAX) await sleep(1);
      if (counter.running > 0) throw new Error(`${counter.running} runs are left after ${CLEAR_MS_MAX / 1_000} s`);
      clear.push(performance.now() - started);
    }
    settled.sort((a, b) => a - b);
    clear.sort((a, b) => a - b);
    return {
      name,
      running,
      settled_ms_p50: quantile(settled, 0.5),
      settled_ms_max: settled.at(-1)!,
      clear_ms_p50: quantile(clear, 0.5),
      clear_ms_max: clear.at(-1)!,
    };
  } finally {
    await weft.close();
  }
}

const spread: NativeHandler = {
  name: 'fan_out',
  run: () => ({
    kind: 'batches',
    items: Array.from({ length: WORKERS }, (_, n) => n),
    max_concurrency: 0,
    result: {},
  }),
};

/** Ends when it is aborted, by its executor. */
const hang: NativeHandler = { name: 'hang', run: () => new Promise(() => undefined) };

const HANGING: JsonObject = fanOut({}, { handler: { catalog: 'hang' } });

function calling(port: number): JsonObject {
  const config = { url: `http://127.0.0.1:${port}/\${batch.index}`, timeout_ms: TIMEOUT_MS };
  return {
    ...fanOut({ source: `[1..${WORKERS}]`, max_items: WORKERS }, { handler: { catalog: 'http_request', config } }),
    egress: [{ scheme: 'http', host: '127.0.0.1', port }],
  };
}

function fanOut(config: JsonObject, work: JsonObject): JsonObject {
  return {
    name: 'cancelled',
    version: '1.0.0',
    steps: [
      { name: 'spread', type: 'batchable', handler: { catalog: 'fan_out', config }, inputs: {} },
      { name: 'work', type: 'batch_worker', dependencies: ['spread'], timeout_ms: TIMEOUT_MS, ...work },
    ],
  };
}
