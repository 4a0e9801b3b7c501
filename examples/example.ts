import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import { openNetworkDoor, type Served, serveApi } from '../host/http/serve.ts';
import type { TaskEvent } from '../kernel/task/events.ts';

/** Weft as an example runs it: its own operator config, a data directory that goes away with it. */
export interface ExampleWeft extends Weft {
  readonly api: Served;
}

/** What is shown while an example runs. */
export interface Stage {
  /** A line of the story. */
  say(line: string): void;
  /** An event of the task that runs now. */
  show(event: TaskEvent): void;
}

/** Starts Weft with an example's `weft.yaml`, its API on a free port. */
export async function startExample(configFile: URL, env: Readonly<Record<string, string>> = {}): Promise<ExampleWeft> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-example-'));
  const own = {
    ...process.env,
    ...env,
    WEFT_DATA_DIRECTORY: directory,
    // Translating components takes a while; what is translated is the same for every example.
    WEFT_CACHE_DIRECTORY: join(import.meta.dirname, '../build/example_cache'),
    WEFT_API_PORT: '0',
  };
  const config = await loadConfig({ file: fileURLToPath(configFile), env: own });
  const logger = pino({ level: process.env['WEFT_LOG_LEVEL'] ?? 'silent' }, pino.destination(2));
  const network = openNetworkDoor(config.api, own);
  const weft = await startWeft(config, { logger, env: own });
  const api = await serveApi({ engine: weft.engine, config, logger, version: 'example', network });
  return {
    engine: weft.engine,
    api,
    async close() {
      await api.close();
      await weft.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Shows a task's events until it has settled. */
export async function follow({ engine }: Weft, taskId: string, stage: Stage): Promise<void> {
  for await (const { event } of engine.watch(taskId, 0, new AbortController().signal)) stage.show(event);
}

/** Shows nothing: for tests. */
export const SILENT: Stage = { say: () => undefined, show: () => undefined };
