import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { type ErrorKind, WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';

/** Problem details (RFC 9457), with the error's own fields as extension members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly params: Readonly<Record<string, Json>>;
  readonly diagnostics?: readonly Diagnostic[];
}

/** The media type of a problem. */
export const PROBLEM_TYPE = 'application/problem+json';

/** How a caller is told of an error. */
export function problemOf(error: WeftError): Problem {
  return {
    type: `docs/errors.md#${error.code}`,
    title: titleOf(error.code),
    status: error.status,
    detail: error.message,
    code: error.code,
    kind: error.kind,
    params: error.params,
    ...(error.diagnostics.length === 0 ? {} : { diagnostics: error.diagnostics }),
  };
}

/** What is wrong with a part of a request; `pointer` begins with `/body`, `/query` or `/headers`. */
export type RequestProblem = Pick<Diagnostic, 'pointer' | 'message' | 'expected' | 'got' | 'suggestion'>;

/** The error of a request that its route does not take. */
export function requestInvalid(problems: readonly RequestProblem[]): WeftError {
  const diagnostics = problems.map(
    (problem): Diagnostic => ({ code: 'request_invalid', severity: 'error', stage: 'request', ...problem }),
  );
  return new WeftError('request_invalid', { count: diagnostics.length }, { diagnostics });
}

/** `task_not_found` → `Task not found`. */
export function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
