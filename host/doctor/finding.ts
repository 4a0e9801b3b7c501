/** What one check found. */
export interface Finding {
  /** Which check: a snake_case name that stays. */
  readonly check: string;
  /** `warn` works, but not as it should; `fail` keeps something from working. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it; null when nothing is. */
  readonly advice: string | null;
}

/** Nothing to do. */
export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found, advice: null };
}

/** It works, but not as it should. */
export function warn(check: string, found: string, advice: string): Finding {
  return { check, status: 'warn', found, advice };
}

/** Something does not work. */
export function fail(check: string, found: string, advice: string): Finding {
  return { check, status: 'fail', found, advice };
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
