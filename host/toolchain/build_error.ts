import type { Diagnostic } from '../../kernel/diagnostics.ts';

/** A handler that cannot be built; `diagnostics` say what is wrong where. */
export class BuildError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], cause?: unknown) {
    super(diagnostics.map((each) => each.message).join('\n'), cause === undefined ? undefined : { cause });
    this.name = 'BuildError';
    this.diagnostics = diagnostics;
  }
}
