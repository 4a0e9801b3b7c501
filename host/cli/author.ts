import type { CaseResult } from '../handler_author/run_case.ts';
import type { Target } from '../handler_author/target.ts';
import { renderDiagnostics } from './diagnostic_text.ts';
import { EXIT } from './exit.ts';
import { durationText } from './format.ts';
import { type Io, type Paint, painter, printable } from './io.ts';
import { loadConfig } from './runtime.ts';

/** The option that says where an author's handlers are. */
export const DIRECTORY_OPTION = {
  directory: {
    value: 'DIR',
    doc: 'Where names are looked for: the folder of handler folders; ./handlers when absent.',
  },
} as const;

/** Where handlers are kept unless it is said. */
export const HANDLERS_DIRECTORY = 'handlers';

/**
 * What the argument means: see `findTarget`; components are those of the operator config.
 * @throws handler_target_unknown, and what reading the config throws
 */
export async function targetOf(
  argument: string,
  options: { readonly directory: string | undefined; readonly config?: string | undefined },
  io: Io,
): Promise<Target> {
  const { findTarget } = await import('../handler_author/target.ts');
  const config = await loadConfig(options.config, io.env);
  // Later ones are the operator's own; they are meant first.
  const components = [...config.handlers.directories].reverse();
  return findTarget(argument, { directory: options.directory ?? HANDLERS_DIRECTORY, components });
}

/** Runs a command that builds: what the sources do not allow is said at its place, and the exit code is 10. */
export async function sayingWhatIsWrong(io: Io, work: () => Promise<number>): Promise<number> {
  const { BuildError } = await import('../toolchain/build_error.ts');
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    io.stderr.write(renderDiagnostics(error.diagnostics, painter(io.stderr)));
    return EXIT.validation.code;
  }
}

/** The cases for people: those that failed with every problem, of the others their number, or all by name. */
export function resultLines(results: readonly CaseResult[], paint: Paint, all: boolean): string {
  return results
    .filter(({ passed }) => all || !passed)
    .map(({ name, passed, problems, run_ms }) => {
      const mark = passed ? paint('green', '✔') : paint('red', '✘');
      const lines = problems.map((problem) => `      ${printable(problem)}\n`);
      return `  ${mark} ${printable(name)}${passed ? `  ${durationText(run_ms)}` : ''}\n${lines.join('')}`;
    })
    .join('');
}

/** `3 passed, 1 failed`. */
export function countText(results: readonly CaseResult[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  return `${results.length - failed} passed, ${failed} failed`;
}

/** `1.6 MB`. */
export function sizeText(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
