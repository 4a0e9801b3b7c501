import { readFileSync } from 'node:fs';
import { quantile } from '../report.ts';

/** One step: how long it took for who asked for it, and, where there is a difference, inside. */
export interface Sample {
  readonly seen_ms: number;
  readonly inside_ms?: number;
}

/** What a way of running steps comes to. */
export interface Row {
  readonly name: string;
  readonly seen_ms_p50: number;
  readonly seen_ms_p95: number;
  readonly seen_ms_p99: number;
  /** Null where nothing is inside anything. */
  readonly cell_ms_p50: number | null;
  readonly cell_ms_p95: number | null;
  readonly steps_per_s: number;
  /** Resident memory of what runs the step; null for this process itself. */
  readonly rss_mb: number | null;
}

export function rowOf(
  name: string,
  samples: readonly Sample[],
  rest: { readonly steps_per_s: number; readonly rss_mb: number | null },
): Row {
  const seen = samples.map(({ seen_ms }) => seen_ms).sort((a, b) => a - b);
  const inside = samples.flatMap(({ inside_ms }) => inside_ms ?? []).sort((a, b) => a - b);
  const hasInside = inside.length > 0;
  return {
    name,
    seen_ms_p50: quantile(seen, 0.5),
    seen_ms_p95: quantile(seen, 0.95),
    seen_ms_p99: quantile(seen, 0.99),
    cell_ms_p50: hasInside ? quantile(inside, 0.5) : null,
    cell_ms_p95: hasInside ? quantile(inside, 0.95) : null,
    ...rest,
  };
}

/** How many times a second `work` gets done, so many at once, over some time. */
export async function sustained(ms: number, concurrency: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() - started < ms) {
        await work();
        done++;
      }
    }),
  );
  return (done / (performance.now() - started)) * 1_000;
}

/** So many samples, one after the other. */
export async function sampled(times: number, work: () => Promise<Sample>): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let i = 0; i < times; i++) samples.push(await work());
  return samples;
}

/** Resident memory of a process, in MB (Linux). */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1_024;
}
