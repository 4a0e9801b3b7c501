import { cpus, totalmem } from 'node:os';
import type { JsonObject } from '../kernel/json.ts';

/** What a benchmark came to: for people, and for comparing. */
export interface Benchmark {
  readonly table: string;
  readonly data: JsonObject;
  /** As SVG. */
  readonly chart?: string;
}

/** Where the numbers come from. */
export function machine(): JsonObject {
  const [cpu] = cpus();
  return {
    node: process.version,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 2 ** 30),
  };
}

/** The value below which a share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Columns as wide as their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const text = [head, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? format(cell) : cell)));
  const widths = head.map((_, column) => Math.max(...text.map((row) => row[column]!.length)));
  const line = (row: readonly string[], from: readonly (string | number)[]): string =>
    row
      .map((cell, i) => (typeof from[i] === 'number' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ');
  return [
    line(text[0]!, head),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...rows.map((row, i) => line(text[i + 1]!, row)),
  ].join('\n');
}

function format(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
