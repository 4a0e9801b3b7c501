import type { CatalogEntry } from '../capability/types.ts';
import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { Review, ReviewedStep } from './review.ts';
import { listed, type Suggestions } from './suggestions.ts';

/** The handlers there are. */
export interface HandlerCatalog {
  /** Newest version of a name first. */
  readonly catalog: readonly CatalogEntry[];
  /** Whether a version meets an npm semver range; any release meets the empty one. */
  satisfies(version: string, range: string): boolean;
}

/** Looks every step's handler up; the review that comes back has what was found. */
export function checkHandlers(
  review: Review,
  { catalog, satisfies }: HandlerCatalog,
  suggestions: Suggestions,
): { readonly review: Review; readonly diagnostics: readonly Diagnostic[] } {
  const byName = Map.groupBy(catalog, (entry) => entry.name);
  const names = [...byName.keys()];
  const subset = new Set(review.catalog);
  const diagnostics: Diagnostic[] = [];

  const unknown = (pointer: string, name: string) => {
    const suggestion = suggestions.didYouMean(name, names) ?? '`weft handlers list` shows those that are';
    return { pointer, message: `no handler "${name}" is registered`, expected: listed(names), got: name, suggestion };
  };
  for (const [index, name] of (review.catalog ?? []).entries()) {
    if (byName.has(name)) continue;
    diagnostics.push(diagnose('catalog_name_unknown', unknown(`/catalog/${index}`, name)));
  }
  const find = (step: ReviewedStep): CatalogEntry | undefined => {
    if (step.handler === undefined) return undefined;
    const { name, range } = step.handler;
    const pointer = `${step.pointer}/handler/catalog`;
    const versions = byName.get(name);
    if (versions === undefined) {
      diagnostics.push(diagnose('handler_unknown', unknown(pointer, name)));
      return undefined;
    }
    if (review.catalog !== undefined && !subset.has(name)) {
      const message = `the template's catalog does not name "${name}"`;
      const suggestion = `add "${name}" to the catalog, or use a handler that it names`;
      const expected = listed(review.catalog);
      diagnostics.push(diagnose('handler_outside_catalog', { pointer, message, expected, got: name, suggestion }));
    }
    const entry = versions.find(({ version }) => satisfies(version, range));
    if (entry === undefined) {
      const message = `no registered version of "${name}" meets the range "${range}"`;
      const registered = versions.map(({ version }) => version);
      diagnostics.push(diagnose('handler_version_unknown', { pointer, message, expected: registered, got: range }));
    }
    return entry;
  };
  return { review: { ...review, steps: review.steps.map((step) => ({ ...step, entry: find(step) })) }, diagnostics };
}
