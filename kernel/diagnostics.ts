import type { Json } from './json.ts';

/** One problem, in the one shape that command line, API, editor and planner feedback share. */
export interface Diagnostic {
  /** Stable, snake_case; documented in docs/diagnostics.md. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** Which check found it: `limits`, `syntax`, `schema`, `handlers`, `configuration`, `graph`, `references`, `policy`. */
  readonly stage: string;
  /** JSON pointer (RFC 6901) into the document. */
  readonly pointer: string;
  readonly message: string;
  readonly expected?: Json;
  readonly got?: Json;
  /** What to do, with the nearest valid name when there is one. */
  readonly suggestion?: string;
  /** Added by the host, which knows the text; 1-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}
