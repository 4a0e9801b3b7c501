/** What the engine does about an error: code reads the kind, people read the message. */
export type ErrorKind =
  /** The caller's input is wrong; the same input will be refused again. */
  | 'reject'
  /** The environment failed; trying again later may work. */
  | 'retry'
  /** The work itself was refused or is over. */
  | 'terminal'
  /** A defect: stop, keep the journal. */
  | 'bug';

/** A row of the table. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** HTTP status (RFC 9457) and exit code (docs/cli.md) of the surfaces. */
  readonly status: number;
  readonly exit: number;
  /** `{name}` is filled in from the error's parameters. */
  readonly template: string;
}
