import type { Paint } from './io.ts';

/** Names and values under each other: the names in bold, the values in a column of their own. */
export function fields(lines: readonly (readonly string[])[], paint: Paint): string {
  const width = Math.max(...lines.map(([name]) => name!.length));
  return lines.map(([name, value]) => `${paint('bold', name!.padEnd(width))}  ${value}\n`).join('');
}
