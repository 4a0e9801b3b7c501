import type { Diagnostic } from './diagnostics.ts';
import type { ErrorKind } from './error_table/entry.ts';
import { SURROUNDINGS_ERRORS } from './error_table/surroundings.ts';
import { WORK_ERRORS } from './error_table/work.ts';
import { fillTemplate } from './fill_template.ts';
import type { Json } from './json.ts';

export type { ErrorKind } from './error_table/entry.ts';

/** Every error Weft raises. A test visits each; docs/errors.md has an anchor for each. */
export const ERRORS = { ...WORK_ERRORS, ...SURROUNDINGS_ERRORS };

export type ErrorCode = keyof typeof ERRORS;

/** An error with a place in the table. `params` fill the template; `diagnostics` carry what is wrong where. */
export class WeftError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly status: number;
  readonly exit: number;
  readonly params: Readonly<Record<string, Json>>;
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: ErrorCode,
    params: Readonly<Record<string, Json>> = {},
    options: { readonly diagnostics?: readonly Diagnostic[]; readonly cause?: unknown } = {},
  ) {
    const entry = ERRORS[code];
    super(fillTemplate(entry.template, params), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeftError';
    this.code = code;
    this.kind = entry.kind;
    this.status = entry.status;
    this.exit = entry.exit;
    this.params = params;
    this.diagnostics = options.diagnostics ?? [];
  }
}
