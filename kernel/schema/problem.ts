import type { Json } from '../json.ts';

/** What is wrong with a part of a JSON document; whoever knows the stage and the code makes a `Diagnostic` of it. */
export interface Problem {
  /** JSON pointer (RFC 6901) into the checked document. */
  readonly pointer: string;
  readonly message: string;
  readonly expected?: Json;
  readonly got?: Json;
  /** What to do, with the nearest valid name when there is one. */
  readonly suggestion?: string;
}

/** A problem in a line: where, when that is not the whole document, and what. */
export function problemText({ pointer, message }: Pick<Problem, 'pointer' | 'message'>): string {
  return pointer === '' ? message : `${pointer} ${message}`;
}

/** A problem that a JSON Schema found. */
export interface SchemaProblem extends Problem {
  /** The schema's keyword that failed, as `required`. */
  readonly keyword: string;
}
