import { didYouMean } from '../schema/nearest.ts';

/** Names that one validation may compare: each costs a few microseconds. */
const COMPARED_MAX = 100_000;

const LISTED_MAX = 50;

/**
 * Finds what mistyped names may have meant, for one validation. A template with thousands of wrong names among
 * thousands of right ones gets suggestions for the first, not a validation that takes minutes.
 */
export class Suggestions {
  #left = COMPARED_MAX;

  /** `did you mean "…"?`, or undefined when nothing is near. */
  didYouMean(name: string, candidates: readonly string[]): string | undefined {
    this.#left -= candidates.length;
    return this.#left < 0 ? undefined : didYouMean(name, candidates);
  }
}

/** As many names as a diagnostic lists. */
export function listed(names: readonly string[]): readonly string[] {
  return names.slice(0, LISTED_MAX);
}
