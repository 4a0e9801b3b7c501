import { type Logger, pino } from 'pino';
import type { Redactor } from './imports/redaction.ts';

interface Destination {
  write(line: string): unknown;
  flush?(done?: (error?: Error) => void): void;
}

/**
 * A logger that writes where another does, without the secrets: what an error of a library, a crash report or a line of
 * the engine's own may hold, whoever wrote it.
 */
export function redactingLogger(logger: Logger, redactor: Redactor): Logger {
  const child = logger.child({}) as Logger & Record<symbol, Destination>;
  const { streamSym } = pino.symbols as { readonly streamSym: symbol };
  const destination = child[streamSym] as Destination;
  child[streamSym] = {
    write: (line) => destination.write(redactor.text(line)),
    flush: (done) => (destination.flush === undefined ? done?.() : destination.flush(done)),
  };
  return child;
}
