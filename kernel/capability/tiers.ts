import type { JsonObject } from '../json.ts';
import type { CatalogEntry } from './types.ts';

/** What a reader of the catalog gets: 1 a name and a line, 2 inputs and outputs too, 3 everything. */
export type Tier = 1 | 2 | 3;

/** A catalog entry as far as a tier shows it. */
export function tier(entry: CatalogEntry, level: Tier): JsonObject {
  const { capability } = entry;
  const brief = {
    name: entry.name,
    version: entry.version,
    category: capability.category,
    summary: firstLine(capability.description),
  };
  if (level === 1) return brief;
  if (level === 3) return { ...(capability as unknown as JsonObject) };
  const { inputSchema, outputSchema } = capability;
  return { ...brief, title: capability.title, inputSchema, outputSchema };
}

/** Which entries of a catalog are meant; an absent list means all. */
export interface CatalogFilter {
  readonly categories?: readonly string[];
  readonly names?: readonly string[];
}

/** The entries that meet a filter, sorted by name and version as text: the same for every order of registration. */
export function filterCatalog(entries: readonly CatalogEntry[], filter: CatalogFilter = {}): CatalogEntry[] {
  const { categories, names } = filter;
  return entries
    .filter((entry) => names?.includes(entry.name) ?? true)
    .filter((entry) => categories?.includes(entry.capability.category) ?? true)
    .sort((a, b) => order(a.name, b.name) || order(a.version, b.version));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.trim();
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
