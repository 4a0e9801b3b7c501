import type { Weft } from '../host/compose.ts';
import type { TaskView } from '../host/orchestrator/port.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { NativeHandler } from '../testing/native_executor.ts';
import { quantile } from './report.ts';

/** How often memory is looked at while work runs. */
const SAMPLE_MS = 10;

/** What some work took. */
export interface Spent {
  readonly elapsed_ms: number;
  /** Of this process, all its threads; cells are processes of their own. */
  readonly cpu_us: number;
}

/** The most memory that this process was seen with, in MB. */
export interface Peak {
  readonly rss_mb: number;
  readonly heap_mb: number;
}

/** Runs `work` and says what it took. */
export async function spent(work: () => Promise<unknown>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { elapsed_ms: performance.now() - started, cpu_us: user + system };
}

/** Runs `work` and looks at the memory meanwhile. */
export async function peakOf(work: () => Promise<unknown>): Promise<Peak> {
  let rss = 0;
  let heap = 0;
  const look = (): void => {
    const now = process.memoryUsage();
    rss = Math.max(rss, now.rss);
    heap = Math.max(heap, now.heapUsed);
  };
  const timer = setInterval(look, SAMPLE_MS);
  try {
    look();
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return { rss_mb: rss / 2 ** 20, heap_mb: heap / 2 ** 20 };
}

/** Does `work` so many times, so many at once. */
export async function inParallel(times: number, concurrency: number, work: () => Promise<unknown>): Promise<void> {
  let left = times;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await work();
    }),
  );
}

/** How long each of so many runs took, one after the other; ascending, in milliseconds. */
export async function latencies(runs: number, work: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let run = 0; run < runs; run++) taken.push((await spent(work)).elapsed_ms);
  return taken.sort((a, b) => a - b);
}

/** The median of `latencies`. */
export async function median(runs: number, work: () => Promise<unknown>): Promise<number> {
  return quantile(await latencies(runs, work), 0.5);
}

/** Submits and waits until it is complete. @throws Error when it ends, or stops, in any other way */
export async function runTask({ engine }: Weft, document: Json): Promise<TaskView> {
  const { task } = await engine.submit({ template: { kind: 'document', document }, context: {}, principal: 'bench' });
  if (task.settled_at !== null) return task;
  for await (const { event } of engine.watch(task.task_id, task.seq, new AbortController().signal)) {
    if (event.kind === 'task_status_changed' && event.to !== 'complete') {
      if (event.to === 'error' || event.to === 'blocked_by_failures') throw new Error(`a task is ${event.to}`);
    }
  }
  return task;
}

/** Runs a task of `fanOutTo` and checks its sum. */
export async function runFanOut(weft: Weft, workers: number): Promise<void> {
  const { task_id } = await runTask(weft, fanOutTo(workers));
  const { result } = await weft.engine.step(task_id, 'sum');
  const { sum } = result as { readonly sum: number };
  if (sum !== (workers * (workers - 1)) / 2) throw new Error(`${workers} workers come to ${sum}`);
}

function frame(name: string, steps: readonly Json[]): Json {
  return { name, version: '1.0.0', steps };
}

function noopStep(name: string, dependencies: readonly string[]): Json {
  return { name, handler: { catalog: 'noop', config: {} }, inputs: {}, dependencies };
}

/** Steps one after the other. */
export function chain(length: number): Json {
  return frame(
    `chain-${length}`,
    Array.from({ length }, (_, i) => noopStep(`s${i}`, i === 0 ? [] : [`s${i - 1}`])),
  );
}

/** Steps that wait for nothing. */
export function parallel(length: number): Json {
  return frame(
    `parallel-${length}`,
    Array.from({ length }, (_, i) => noopStep(`s${i}`, [])),
  );
}

/** The numbers below `workers`, one to a worker that gives it back, and their sum. */
export function fanOutTo(workers: number): Json {
  const handler = (catalog: string): JsonObject => ({ catalog, config: {} });
  return frame(`fan-out-${workers}`, [
    { name: 'spread', type: 'batchable', handler: handler('spread'), inputs: { n: workers } },
    { name: 'work', type: 'batch_worker', handler: handler('noop'), dependencies: ['spread'] },
    { name: 'sum', handler: handler('sum'), dependencies: ['work'] },
  ]);
}

/** Eight steps: 1 → 2 → 4 → 1. */
export const DIAMOND = frame('diamond', [
  noopStep('a', []),
  ...['b1', 'b2'].map((name) => noopStep(name, ['a'])),
  ...['c1', 'c2'].map((name) => noopStep(name, ['b1'])),
  ...['c3', 'c4'].map((name) => noopStep(name, ['b2'])),
  noopStep('d', ['c1', 'c2', 'c3', 'c4']),
]);

/** `bench/handlers/spread` in this process. */
export const spread: NativeHandler = {
  name: 'spread',
  run({ inputs }) {
    const items = Array.from({ length: (inputs as { readonly n: number }).n }, (_, n) => n);
    return { kind: 'batches', items, max_concurrency: 0, result: {} };
  },
};

/** `bench/handlers/sum` in this process. */
export const sum: NativeHandler = {
  name: 'sum',
  run({ inputs }) {
    const { work } = inputs as { readonly work: readonly { readonly result: { readonly item: number } }[] };
    return { kind: 'complete', result: { sum: work.reduce((total, { result }) => total + result.item, 0) } };
  },
};
