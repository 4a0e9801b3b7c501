import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '../../kernel/errors.ts';
import type { OperatorConfig } from '../config/types.ts';
import { socketPath } from '../http/socket_path.ts';
import { WeftClient } from './client.ts';
import { createLogger, startRuntime } from './runtime.ts';
import { VERSION } from './version.ts';

/** A Weft to work with: another process's, or one that lives in this process until `close`. */
export interface Session {
  readonly client: WeftClient;
  /** It runs in this process. */
  readonly own: boolean;
  close(): Promise<void>;
}

const WAIT_MS = 100;
const WAITS_MAX = 100;

/**
 * Finds whoever owns the store through its private socket, or becomes its owner. A process that holds the lock
 * without answering is starting or stopping: it is waited for, ten seconds at most.
 * @throws store_locked, and whatever starting Weft throws
 */
export async function openSession(config: OperatorConfig, level: OperatorConfig['log']['level']): Promise<Session> {
  for (let waits = 0; ; waits++) {
    const session = (await joinSession(config)) ?? (await ownSession(config, level, waits < WAITS_MAX));
    if (session !== undefined) return session;
    await sleep(WAIT_MS);
  }
}

async function joinSession({ data_directory }: OperatorConfig): Promise<Session | undefined> {
  const client = new WeftClient({ socket: socketPath(data_directory) });
  try {
    await client.ping();
    return { client, own: false, close: async () => client.close() };
  } catch (error) {
    client.close();
    if (error instanceof WeftError && error.code === 'server_unreachable') return undefined;
    throw error;
  }
}

async function ownSession(
  config: OperatorConfig,
  level: OperatorConfig['log']['level'],
  patient: boolean,
): Promise<Session | undefined> {
  const logger = createLogger(level);
  const runtime = await startRuntime(config, logger).catch((error: unknown) => {
    if (patient && error instanceof WeftError && error.code === 'store_locked') return undefined;
    throw error;
  });
  if (runtime === undefined) return undefined;
  const { engine } = runtime;
  try {
    const { serveApi } = await import('../http/serve.ts');
    const served = await serveApi({ engine, config, logger, version: VERSION });
    const client = new WeftClient({ socket: served.socket });
    const close = async (): Promise<void> => {
      client.close();
      await served.close();
      await runtime.close();
    };
    return { client, own: true, close };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
