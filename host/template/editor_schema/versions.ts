import type { CatalogEntry } from '../../../kernel/capability/types.ts';
import { satisfies } from '../../catalog/catalog.ts';

/** What people write after `@`, and the entry it means now. */
export interface WrittenRange {
  /** `name` or `name@range`. */
  readonly catalog: string;
  readonly entry: CatalogEntry;
}

/**
 * The usual ways to write a handler of the catalog, each with the version that it means: the newest that the range
 * allows. `entries` are those of one name, newest first.
 */
export function writtenRanges(entries: readonly CatalogEntry[]): readonly WrittenRange[] {
  const ranges = new Set(['', '*', ...entries.flatMap(({ version }) => usualRanges(version))]);
  return [...ranges].flatMap((range) => {
    const entry = entries.find(({ version }) => satisfies(version, range));
    if (entry === undefined) return [];
    return [{ catalog: range === '' ? entry.name : `${entry.name}@${range}`, entry }];
  });
}

function usualRanges(version: string): readonly string[] {
  const [major, minor] = version.split('.');
  const parts = [`${major}`, `${major}.${minor}`, version];
  return [...parts.flatMap((part) => [`^${part}`, `~${part}`, part]), `${major}.x`, `${major}.${minor}.x`];
}
