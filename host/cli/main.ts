import { ERRORS, WeftError } from '../../kernel/errors.ts';
import { COMMANDS } from './commands/all.ts';
import { renderDiagnostics } from './diagnostic_text.ts';
import { EXIT } from './exit.ts';
import { renderHelp } from './help.ts';
import { type Io, painter, printable } from './io.ts';
import { note } from './output.ts';
import { parseCommandLine } from './parse.ts';
import { VERSION } from './version.ts';

/** Runs a command line (without node and script) and gives its exit code. Data goes to stdout, all else to stderr. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    const asked = parseCommandLine(argv, COMMANDS);
    if (asked.kind === 'version') io.stdout.write(`${VERSION}\n`);
    else if (asked.kind === 'help') io.stdout.write(renderHelp(asked.topic, COMMANDS));
    else return await asked.command.run({ ...asked, io } as Parameters<typeof asked.command.run>[0]);
    return EXIT.ok.code;
  } catch (error) {
    return report(error, io);
  }
}

/** Says what went wrong, without a stack: that is for defects, and for who asks with WEFT_DEBUG=1. */
function report(error: unknown, io: Io): number {
  const paint = painter(io.stderr);
  if (error instanceof WeftError) io.stderr.write(renderDiagnostics(error.diagnostics, paint));
  const message = error instanceof Error ? error.message : String(error);
  note(io, `${paint('red', 'weft:')} ${printable(message)}`);
  if (io.env['WEFT_DEBUG'] === '1' && error instanceof Error) note(io, error.stack ?? '');
  return error instanceof WeftError ? ERRORS[error.code].exit : EXIT.failure.code;
}
