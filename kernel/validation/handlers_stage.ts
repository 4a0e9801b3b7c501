import type { CatalogEntry } from '../capability/types.ts';
import { type Diagnostic, diagnose } from '../diagnostics.ts';
import { didYouMean } from '../schema/nearest.ts';
import type { Review, ReviewedStep } from './review.ts';

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
): { readonly review: Review; readonly diagnostics: readonly Diagnostic[] } {
  const byName = Map.groupBy(catalog, (entry) => entry.name);
  const names = [...byName.keys()];
  const subset = review.catalog === undefined ? undefined : new Set(review.catalog);
  const diagnostics: Diagnostic[] = [];

  for (const [index, name] of (review.catalog ?? []).entries()) {
    if (byName.has(name)) continue;
    diagnostics.push(diagnose('catalog_name_unknown', unknown(`/catalog/${index}`, name, names)));
  }
  const find = (step: ReviewedStep): CatalogEntry | undefined => {
    if (step.handler === undefined) return undefined;
    const { name, range } = step.handler;
    const pointer = `${step.pointer}/handler/catalog`;
    const versions = byName.get(name);
    if (versions === undefined) {
      diagnostics.push(diagnose('handler_unknown', unknown(pointer, name, names)));
      return undefined;
    }
    if (subset !== undefined && !subset.has(name)) {
      const message = `the template's catalog does not name "${name}"`;
      const suggestion = didYouMean(name, subset) ?? `add "${name}" to the catalog`;
      diagnostics.push(
        diagnose('handler_outside_catalog', { pointer, message, expected: [...subset], got: name, suggestion }),
      );
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

function unknown(pointer: string, name: string, names: readonly string[]) {
  const suggestion = didYouMean(name, names) ?? '`weft handlers list` shows those that are';
  return { pointer, message: `no handler "${name}" is registered`, expected: names, got: name, suggestion };
}
