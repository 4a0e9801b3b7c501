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
  const subset = new Set(review.catalog);
  // A planner sees no handlers but its own.
  const names = [...byName.keys()].filter((name) => review.plan === undefined || !isOutside(review, subset, name));
  const diagnostics: Diagnostic[] = [];

  const unknown = (pointer: string, name: string) => {
    const otherwise = review.plan === undefined ? '`weft handlers list` shows those that are' : oneOf(names);
    const suggestion = suggestions.didYouMean(name, names) ?? otherwise;
    return { pointer, message: `no handler "${name}" is registered`, expected: listed(names), got: name, suggestion };
  };
  // A planning step's list was checked with its template.
  for (const [index, name] of (review.plan === undefined ? (review.catalog ?? []) : []).entries()) {
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
    if (isOutside(review, subset, name)) diagnostics.push(outsideCatalog(pointer, name, review, names));
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

function isOutside({ catalog }: Review, subset: ReadonlySet<string>, name: string): boolean {
  return catalog !== undefined && !subset.has(name);
}

function outsideCatalog(
  pointer: string,
  name: string,
  { catalog, plan }: Review,
  names: readonly string[],
): Diagnostic {
  const problem = { pointer, expected: listed(catalog!), got: name };
  if (plan !== undefined) {
    const message = `planning step "${plan.step}" may not use the handler "${name}"`;
    return diagnose('handler_outside_catalog', { ...problem, message, suggestion: oneOf(names) });
  }
  const message = `the template's catalog does not name "${name}"`;
  const suggestion = `add "${name}" to the catalog, or use a handler that it names`;
  return diagnose('handler_outside_catalog', { ...problem, message, suggestion });
}

function oneOf(names: readonly string[]): string {
  return names.length === 0
    ? 'remove the step: no handler may be used here'
    : `use one of: ${listed(names).join(', ')}`;
}
