import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Json, JsonObject } from '../kernel/json.ts';
import { table } from './report.ts';

/** A figure of a run, and how it compares. */
interface Figure {
  readonly name: string;
  readonly value: number;
}

/** Where a run has its single-row ceiling, the yardstick for machines: one for times, one for CPU. */
const COMMITS_PER_S = 'raw.0.commits_per_s';
const CPU_US_PER_COMMIT = 'raw.0.cpu_us_per_commit';
/** Endings of the names of figures of which more is better. */
const MORE_IS_BETTER = ['_per_s'];
/** Endings of the names of figures of CPU. */
const OF_CPU = ['cpu_us_per_step', 'cpu_us_per_commit'];
/** Endings of the names of figures that a faster machine does not change. */
const OF_NO_MACHINE = ['_mb'];
/** What tells an entry of a list from the others. */
const KEYS = ['name', 'row', 'shape', 'workers', 'steps', 'records'];

/** Where the baseline of a benchmark is kept. */
export function baselineFile(benchmark: string): string {
  return join(import.meta.dirname, 'baseline', `${benchmark}.json`);
}

/** The baseline of a benchmark; undefined when none was saved. */
export async function readBaseline(benchmark: string): Promise<JsonObject | undefined> {
  try {
    return JSON.parse(await readFile(baselineFile(benchmark), 'utf8')) as JsonObject;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keeps a run as what later ones are compared with. */
export async function saveBaseline(benchmark: string, run: JsonObject): Promise<void> {
  const file = baselineFile(benchmark);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(run, null, 2)}\n`);
}

/**
 * Every figure of a run beside the baseline's. `ratio` is now over then; `per machine` is that ratio as it would be had
 * both machines committed single rows equally fast or, for figures of CPU, equally cheaply.
 */
export function compare(baseline: JsonObject, run: JsonObject): string {
  const then = new Map(figuresOf(baseline).map(({ name, value }) => [name, value]));
  const faster = ratioAt(COMMITS_PER_S, run, baseline);
  const cheaper = ratioAt(CPU_US_PER_COMMIT, baseline, run);
  const rows = figuresOf(run).flatMap(({ name, value }) => {
    const before = then.get(name);
    if (before === undefined) return [];
    const ratio = value / before;
    return [[name, before, value, ratio, perMachine(name, ratio, { faster, cheaper })]];
  });
  const { commit, date, machine } = baseline as { commit?: Json; date?: Json; machine?: JsonObject };
  const from = `baseline: ${String(commit ?? 'unknown commit')} of ${String(date ?? 'unknown date')} on ${String(machine?.['cpu'] ?? 'an unknown machine')}`;
  return `${from}\n${table(['figure', 'baseline', 'now', 'ratio', 'per machine'], rows)}`;
}

function perMachine(name: string, ratio: number, machine: { faster: number; cheaper: number }): number {
  if (endsWith(name, OF_NO_MACHINE)) return Number.NaN;
  if (endsWith(name, OF_CPU)) return ratio * machine.cheaper;
  return endsWith(name, MORE_IS_BETTER) ? ratio / machine.faster : ratio * machine.faster;
}

function ratioAt(path: string, run: JsonObject, other: JsonObject): number {
  return (at(run, path) ?? Number.NaN) / (at(other, path) ?? Number.NaN);
}

/** The numbers of a run, each named by the path to it. */
function figuresOf(run: JsonObject): Figure[] {
  const { machine: _machine, ...measured } = run;
  return flatten(measured, '');
}

function flatten(value: Json, path: string): Figure[] {
  if (typeof value === 'number') return [{ name: path, value }];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value)
    ? value.map((entry: Json, index) => [labelOf(entry) ?? String(index), entry] as const)
    : Object.entries(value).filter(([key]) => !KEYS.includes(key));
  return entries.flatMap(([key, entry]) => flatten(entry, path === '' ? key : `${path} · ${key}`));
}

function labelOf(entry: Json): string | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return undefined;
  const keys = KEYS.flatMap((key) => (key in entry ? [String((entry as JsonObject)[key])] : []));
  return keys.length === 0 ? undefined : keys.join(' ');
}

function at(run: JsonObject, path: string): number | undefined {
  const value = path.split('.').reduce<Json | undefined>((found, key) => {
    return typeof found === 'object' && found !== null ? (found as JsonObject)[key] : undefined;
  }, run);
  return typeof value === 'number' ? value : undefined;
}

function endsWith(name: string, endings: readonly string[]): boolean {
  return endings.some((ending) => name.endsWith(ending));
}
