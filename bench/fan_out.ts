import type { Weft } from '../host/compose.ts';
import { table } from './report.ts';
import { type Peak, peakOf, runFanOut, type Spent, spent } from './workload.ts';

/** How one task fared that fans out. */
export interface FanOutMeasure extends Peak {
  readonly row: string;
  readonly workers: number;
  readonly ms: number;
  readonly cpu_us_per_step: number;
}

/**
 * One fan-out task of each size, after one of the smallest that nobody measures: whether a worker's cost grows with
 * the number of workers. The memory is that of the whole process at its peak.
 */
export async function measureFanOuts(row: string, weft: Weft, sizes: readonly number[]): Promise<FanOutMeasure[]> {
  const measured: FanOutMeasure[] = [];
  await runFanOut(weft, sizes[0]!);
  for (const workers of sizes) {
    let taken: Spent | undefined;
    const peak = await peakOf(async () => {
      taken = await spent(() => runFanOut(weft, workers));
    });
    const { elapsed_ms, cpu_us } = taken!;
    // The fan-out and the sum are steps, too.
    measured.push({ row, workers, ms: elapsed_ms, cpu_us_per_step: cpu_us / (workers + 2), ...peak });
  }
  return measured;
}

/** The measures as a table. */
export function renderFanOuts(measures: readonly FanOutMeasure[]): string {
  return table(
    ['one fan-out', 'workers', 'CPU µs/step', 'ms in all', 'peak RSS MB', 'peak heap MB'],
    measures.map(({ row, workers, cpu_us_per_step, ms, rss_mb, heap_mb }) => [
      row,
      String(workers),
      cpu_us_per_step,
      ms,
      rss_mb,
      heap_mb,
    ]),
  );
}
