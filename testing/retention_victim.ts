/**
 * The process that the tests of retention kill: opens the Weft in a data directory, whose rules archive every settled
 * task at once, and stays until nothing is due. `WEFT_CRASH_AT` names where it dies.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startWeft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import { nativeHandlers, noop } from './native_executor.ts';

const [directory] = process.argv.slice(2) as [string];
const env = {
  WEFT_DATA_DIRECTORY: directory,
  WEFT_RETENTION_SETTLED_TASKS: 'archive',
  WEFT_RETENTION_AFTER_HOURS: '0',
};
const weft = await startWeft(await loadConfig({ cwd: directory, env }), {
  logger: pino({ level: 'silent' }),
  env: { WEFT_CRASH_AT: process.env['WEFT_CRASH_AT'] },
  native: nativeHandlers([noop], 4),
});
while ((await weft.engine.retention()).rules.some(({ due }) => due > 0)) await sleep(5);
await weft.close();
