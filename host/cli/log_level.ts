/** How much is logged. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The option that says how much is logged. */
export const LOG_LEVEL_OPTION = {
  'log-level': {
    value: 'LEVEL',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    doc: 'How much is logged on stderr, as JSON lines.',
  },
} as const;
