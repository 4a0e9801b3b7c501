/** What one check of a component came to. */
export interface CheckFinding {
  readonly check: string;
  readonly status: 'pass' | 'fail' | 'skip';
  /** What was found; of a skipped one, why it does not apply. */
  readonly found: string;
  /** What to do; null unless it failed. */
  readonly advice: string | null;
}

/** A check that passed. */
export function pass(check: string, found: string): CheckFinding {
  return { check, status: 'pass', found, advice: null };
}

/** A check that failed. @param advice what to do */
export function fail(check: string, found: string, advice: string): CheckFinding {
  return { check, status: 'fail', found, advice };
}

/** A check that has nothing to look at. */
export function skip(check: string, reason: string): CheckFinding {
  return { check, status: 'skip', found: reason, advice: null };
}

const SHOWN_MAX = 3;

/** The first of many problems, and how many more there are. */
export function listed(problems: readonly string[]): string {
  const more = problems.length - SHOWN_MAX;
  return `${problems.slice(0, SHOWN_MAX).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
