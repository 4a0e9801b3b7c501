/** The option that says why something is done. */
export const REASON_OPTION = {
  reason: { value: 'TEXT', doc: 'Why; kept in the journal with who. The name of the command when absent.' },
} as const;

/** The option that only says what would happen. */
export const DRY_RUN_OPTION = {
  'dry-run': { doc: 'Say what would happen, and change nothing.' },
} as const;
