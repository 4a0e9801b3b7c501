import { type Logger, pino } from 'pino';
import type { OperatorConfig } from '../config/types.ts';
import type { Engine } from '../orchestrator/port.ts';

/** A Weft that runs in this process. */
export interface Runtime {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** A catalog without a store: enough to look at templates and handlers. */
export type CatalogView = Awaited<ReturnType<typeof import('../compose.ts').openCatalog>>;

/*
 * Everything that is heavy is imported when it is needed: `weft --help` and the commands that only talk to a server
 * start in a fraction of the time.
 */

/** The operator config: the file that is named, or `weft.yaml` here when there is one, or the defaults. */
export async function loadConfig(file: string | undefined, env: NodeJS.ProcessEnv): Promise<OperatorConfig> {
  const { loadConfig: load } = await import('../config/load.ts');
  return load({ ...(file === undefined ? {} : { file }), env });
}

/** The config with further handler directories, as `--handlers` names them; relative ones start at the working directory. */
export async function withHandlers(config: OperatorConfig, directories: readonly string[]): Promise<OperatorConfig> {
  if (directories.length === 0) return config;
  const { withDirectories } = await import('../config/load.ts');
  return { ...config, handlers: withDirectories(config.handlers, [...config.handlers.directories, ...directories]) };
}

/** @throws store_locked when another process has the store */
export async function startRuntime(config: OperatorConfig, logger: Logger): Promise<Runtime> {
  const { startWeft } = await import('../compose.ts');
  return startWeft(config, { logger });
}

export async function openCatalog(config: OperatorConfig, logger: Logger): Promise<CatalogView> {
  const { openCatalog: open } = await import('../compose.ts');
  return open(config, { logger });
}

/** Logs are JSON lines on stderr, which is never anything's data. */
export function createLogger(level: OperatorConfig['log']['level']): Logger {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}
