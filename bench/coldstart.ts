import { loadavg } from 'node:os';
import { renderBarChart } from './bar_chart.ts';
import { type HandlerMeasure, measureCatalog } from './coldstart/catalog.ts';
import type { Row } from './coldstart/figures.ts';
import { openLab } from './coldstart/lab.ts';
import { measureWays } from './coldstart/ways.ts';
import { type Benchmark, machine, table } from './report.ts';

/**
 * What a step costs that does nothing, for every way of running it: `noop`, which completes with its inputs, natively, in
 * cells, in threads and in processes. And each handler of the catalog over 10 and 1,000 records,
 * natively and sandboxed. *Seen* is what the broker waits, *in the cell* is instantiation and run as the cell tells.
 * Also draws the first in a chart.
 */
export async function benchColdStart(): Promise<Benchmark> {
  const lab = await openLab();
  const load_before = loadavg()[0]!;
  const rows = await measureWays(lab);
  const handlers = await measureCatalog(lab);
  return {
    table: [renderRows(rows), renderHandlers(handlers), `load before: ${load_before.toFixed(1)}`].join('\n\n'),
    data: { load_before, rows, handlers } as object as Benchmark['data'],
    chart: chartOf(rows, load_before),
  };
}

function renderRows(rows: readonly Row[]): string {
  return table(
    ['one step', 'p50 ms', 'p95 ms', 'p99 ms', 'in the cell p50', 'p95', 'steps/s', 'memory MB'],
    rows.map((row) => [
      row.name,
      row.seen_ms_p50,
      row.seen_ms_p95,
      row.seen_ms_p99,
      row.cell_ms_p50 ?? Number.NaN,
      row.cell_ms_p95 ?? Number.NaN,
      row.steps_per_s,
      row.rss_mb ?? Number.NaN,
    ]),
  );
}

function renderHandlers(handlers: readonly HandlerMeasure[]): string {
  return table(
    ['handler', 'records', 'KB', 'native p50 ms', 'p95', 'sandboxed p50 ms', 'p95', 'instance', 'run', 'memory MB'],
    handlers.map((each) => [
      each.name,
      String(each.records),
      each.input_kb,
      each.native_ms_p50,
      each.native_ms_p95,
      each.seen_ms_p50,
      each.seen_ms_p95,
      each.instantiate_ms_p50,
      each.run_ms_p50,
      each.memory_mb,
    ]),
  );
}

function chartOf(rows: readonly Row[], load: number): string {
  const { cpu, cores, node } = machine();
  const date = new Date().toISOString().slice(0, 10);
  return renderBarChart({
    title: 'What a step costs that does nothing',
    subtitle: `Bar p50, ticks p95 and p99, as the broker sees it. ${date}, ${cpu}, ${cores} cores, load ${load.toFixed(1)}, Node ${node}`,
    unit: 'ms',
    bars: [...rows]
      .sort((a, b) => a.seen_ms_p50 - b.seen_ms_p50)
      .map(({ name, seen_ms_p50, seen_ms_p95, seen_ms_p99 }) => ({
        name,
        value: seen_ms_p50,
        ticks: [
          { name: 'p95', value: seen_ms_p95 },
          { name: 'p99', value: seen_ms_p99 },
        ],
      })),
  });
}
