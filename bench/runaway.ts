import { join } from 'node:path';
import { createCellExecutor } from '../host/sandbox/cell_executor.ts';
import { openComponentStore } from '../host/sandbox/component_store.ts';
import { fixtureCache, fixtureComponent } from '../host/sandbox/fixtures/components.ts';
import { believe, CONFINEMENT, silent, stepRun, vanished } from '../host/sandbox/fixtures/runs.ts';
import type { Executor, StepRun } from '../host/sandbox/port.ts';
import { type Benchmark, quantile, table } from './report.ts';

const RUNS = 50;
const LIMIT_MS = 150;

/** How a guest that loops is stopped: the run, and the moment from which it should be gone. */
type Stop = (digest: string) => { readonly run: StepRun; readonly due: Promise<number> };

const STOPS: Readonly<Record<string, Stop>> = {
  timeout(digest) {
    const run = stepRun(digest, { do: 'loop' }, { limits: { timeout_ms: LIMIT_MS } });
    return { run, due: Promise.resolve(performance.now() + LIMIT_MS) };
  },
  cancel(digest) {
    const aborting = new AbortController();
    const run = stepRun(digest, { do: 'loop' }, { signal: aborting.signal });
    const due = Promise.withResolvers<number>();
    setTimeout(() => {
      due.resolve(performance.now());
      aborting.abort();
    }, LIMIT_MS);
    return { run, due: due.promise };
  },
};

/**
 * How long a guest that loops outlives its limit: from the deadline, or the cancel, until the step has failed and the
 * cell is killed, and until no process of it is left; and how long until the next honest step has its answer.
 */
export async function benchRunaway(): Promise<Benchmark> {
  const components = await openComponentStore({
    cacheDirectory: join(fixtureCache(), 'transpiled'),
    component_bytes_max: 16 * 1024 * 1024,
    memory_bytes_max: CONFINEMENT.memory_bytes_max,
    validateCapability: believe,
  });
  const { digest } = await components.load(await fixtureComponent('probe'));
  const executor = createCellExecutor({ cells: 2, components, ...CONFINEMENT, logger: silent });
  try {
    const rows: [string, number, number, number, number, number][] = [];
    for (const [name, stop] of Object.entries(STOPS)) {
      const { answered, gone, next } = await measure(executor, digest, stop);
      rows.push([
        name,
        quantile(answered, 0.99),
        quantile(gone, 0.5),
        quantile(gone, 0.99),
        gone.at(-1)!,
        quantile(next, 0.5),
      ]);
    }
    return {
      table: table(['stopped by', 'answered p99 ms', 'gone p50 ms', 'p99 ms', 'max ms', 'next step p50 ms'], rows),
      data: Object.fromEntries(
        rows.map(([name, answered_p99_ms, p50_ms, p99_ms, max_ms, next_p50_ms]) => [
          name,
          { runs: RUNS, answered_p99_ms, p50_ms, p99_ms, max_ms, next_p50_ms },
        ]),
      ),
    };
  } finally {
    await executor.close();
  }
}

async function measure(executor: Executor, digest: string, stop: Stop) {
  const answered: number[] = [];
  const gone: number[] = [];
  const next: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    // Both cells are there, so that the run does not wait for one.
    await Promise.all([1, 2].map(() => executor.run(stepRun(digest, { do: 'honest' }))));
    const { run, due } = stop(digest);
    const { measure: cost } = await executor.run(run);
    const answer = performance.now();
    await vanished(cost.cell_pid);
    answered.push(answer - (await due));
    gone.push(performance.now() - (await due));
    const begun = performance.now();
    await executor.run(stepRun(digest, { do: 'honest' }));
    next.push(performance.now() - begun);
  }
  for (const times of [answered, gone, next]) times.sort((a, b) => a - b);
  return { answered, gone, next };
}
