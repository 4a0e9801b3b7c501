import { loadavg } from 'node:os';
import { type machine, table } from '../../bench/report.ts';
import type { Allowance, Flatness } from './flatness.ts';
import { flatness, median } from './flatness.ts';
import type { KindCount } from './load.ts';
import type { Sample } from './sampler.ts';

const MB = 1024 * 1024;

/** A series of the samples under load, and how flat it has to be. */
interface Judged {
  readonly of: (sample: Sample) => number;
  readonly unit: number;
  readonly allowed: Allowance;
}

const JUDGED: Readonly<Record<string, Judged>> = {
  'RSS of the process, MB': { of: (s) => s.rss_bytes, unit: MB, allowed: { absolute: 64 * MB, share: 0.15 } },
  'live after collection, MB': {
    of: (s) => s.probe?.live_bytes ?? 0,
    unit: MB,
    allowed: { absolute: 24 * MB, share: 0.15 },
  },
  'RSS of the largest cell, MB': {
    of: (s) => s.cell_rss_bytes_max,
    unit: MB,
    allowed: { absolute: 64 * MB, share: 0.15 },
  },
  'open files': { of: (s) => s.open_files, unit: 1, allowed: { absolute: 16, share: 0.15 } },
  'timers, sockets, children': { of: (s) => s.probe?.resources ?? 0, unit: 1, allowed: { absolute: 32, share: 0.15 } },
};

/** What one soak came to. */
export interface SoakReport {
  readonly seed: number;
  readonly minutes: number;
  readonly machine: ReturnType<typeof machine>;
  /** Of the machine, over a minute, at the start and at the end. */
  readonly load_average: readonly [number, number];
  readonly tasks: number;
  readonly tasks_from_archive: number;
  readonly kinds: Readonly<Record<string, KindCount>>;
  readonly effects: number;
  readonly effects_repeated: number;
  readonly cells_killed: number;
  /** Runs that were lost with their cell. */
  readonly runs_struck: number;
  /** Processes that the process under test started. */
  readonly processes: number;
  readonly zombies: number;
  readonly orphans: number;
  readonly delay_ms: { readonly p99_median: number; readonly max: number };
  readonly flat: Readonly<Record<string, Flatness>>;
  readonly store_mb_max: number;
  /** Large values that nobody referred to in the end. */
  readonly blobs_unreferenced: number;
  /** Without load, before and after all of it. */
  readonly at_rest: { readonly before: Rest; readonly after: Rest };
  readonly problems: readonly string[];
}

interface Rest {
  readonly rss_mb: number;
  readonly live_mb: number;
  readonly open_files: number;
  readonly cells: number;
}

/** How the load was at the beginning; for `load_average`. */
export const loadNow = (): number => loadavg()[0]!;

export const restOf = (sample: Sample): Rest => ({
  rss_mb: mb(sample.rss_bytes),
  live_mb: mb(sample.probe?.live_bytes ?? 0),
  open_files: sample.open_files,
  cells: sample.cells,
});

/** Which of the series of samples under load are flat. */
export function judge(samples: readonly Sample[]): Record<string, Flatness> {
  return Object.fromEntries(
    Object.entries(JUDGED).map(([name, { of, unit, allowed }]) => {
      const { early, late, max, flat } = flatness(samples.map(of), allowed);
      return [name, { early: early / unit, late: late / unit, max: max / unit, flat }];
    }),
  );
}

export function delaysOf(samples: readonly Sample[]): SoakReport['delay_ms'] {
  const told = samples.flatMap(({ probe }) => probe ?? []);
  return {
    p99_median: Math.round(median(told.map(({ delay_p99_ms }) => delay_p99_ms))),
    max: Math.round(Math.max(0, ...told.map(({ delay_max_ms }) => delay_max_ms))),
  };
}

/** One line of what is going on. */
export function liveLine(sample: Sample, progress: { readonly submitted: number; readonly open: number }): string {
  const tasks = Object.entries(sample.tasks).map(([status, count]) => `${count} ${status}`);
  const at = new Date(sample.at_ms).toISOString().slice(11, 19);
  return [
    `${at}  ${progress.submitted} tasks, ${progress.open} open (in the store: ${tasks.join(', ') || 'none'})`,
    `RSS ${mb(sample.rss_bytes)} MB, live ${mb(sample.probe?.live_bytes ?? 0)} MB`,
    `${sample.cells} cells up to ${mb(sample.cell_rss_bytes_max)} MB, ${sample.open_files} files`,
    `store ${mb(sample.store_bytes)} MB, delay ${Math.round(sample.probe?.delay_p99_ms ?? 0)} ms`,
  ].join('; ');
}

/** The report for people. */
export function reportText(report: SoakReport): string {
  const kinds = Object.entries(report.kinds).sort(([a], [b]) => (a < b ? -1 : 1));
  const { at_rest, delay_ms } = report;
  const rest = ({ rss_mb, live_mb, open_files, cells }: Rest): string =>
    `RSS ${rss_mb} MB, live ${live_mb} MB, ${open_files} files, ${cells} cells`;
  return [
    table(
      ['under load', 'second quarter', 'last quarter', 'most', ''],
      Object.entries(report.flat).map(([name, { early, late, max, flat }]) => [
        name,
        ...[early, late, max],
        flat ? 'flat' : 'GROWS',
      ]),
    ),
    '',
    table(
      ['tasks', 'submitted', 'settled'],
      kinds.map(([kind, { submitted, settled }]) => [kind, String(submitted), String(settled)]),
    ),
    '',
    `seed ${report.seed}, ${report.minutes} min, load average ${report.load_average.map((load) => load.toFixed(1)).join(' → ')}`,
    `${report.tasks} tasks, ${report.tasks_from_archive} of them read from their archive`,
    `${report.effects} effects, ${report.effects_repeated} of them repeated under their key`,
    `${report.processes} processes started, ${report.cells_killed} cells killed from outside under ${report.runs_struck} runs, ${report.zombies} zombies, ${report.orphans} orphans`,
    `event loop late by ${delay_ms.p99_median} ms (median of the p99 of each second), ${delay_ms.max} ms at most`,
    `store up to ${report.store_mb_max} MB; ${report.blobs_unreferenced} large values without a reference in the end`,
    `at rest before: ${rest(at_rest.before)}`,
    `at rest after:  ${rest(at_rest.after)}`,
    report.problems.length === 0 ? 'no problem' : `${report.problems.length} PROBLEMS`,
    ...report.problems.slice(0, 30).map((problem) => `- ${problem}`),
  ].join('\n');
}

export function mb(bytes: number): number {
  return Math.round(bytes / MB);
}
