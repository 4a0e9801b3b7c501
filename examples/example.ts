import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startWeft, type Weft } from '../host/compose.ts';
import { loadConfig } from '../host/config/load.ts';
import { openNetworkDoor, type Served, serveApi } from '../host/http/serve.ts';
import type { TaskView } from '../host/orchestrator/port.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { TaskEvent } from '../kernel/task/events.ts';

/** Weft as an example runs it: its own operator config, a data directory that goes away with it. */
export interface ExampleWeft extends Weft {
  readonly api: Served;
  /** Submits the example's template and shows its events until it has settled. */
  run(context: JsonObject, stage: Stage): Promise<TaskView>;
}

/** What an example's Weft differs in from one that is started by hand. */
export interface ExampleOptions {
  /**
   * Where services listen now, by the port that `template.yaml` and `weft.yaml` name: egress is opened for exact ports,
   * and a service that takes a free one is in nobody's way.
   */
  readonly ports?: Readonly<Record<number, number>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** What is shown while an example runs. */
export interface Stage {
  /** A line of the story. */
  say(line: string): void;
  /** An event of the task that runs now. */
  show(event: TaskEvent): void;
}

/** Starts Weft with the `weft.yaml` of an example's folder, its API on a free port. */
export async function startExample(
  folder: string,
  { ports = {}, env = {} }: ExampleOptions = {},
): Promise<ExampleWeft> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-example-'));
  const own = {
    ...process.env,
    ...env,
    WEFT_DATA_DIRECTORY: directory,
    // Translating components takes a while; what is translated is the same for every example.
    WEFT_CACHE_DIRECTORY: join(import.meta.dirname, '../build/example_cache'),
    WEFT_API_PORT: '0',
  };
  const configFile = join(directory, 'weft.yaml');
  await writeFile(configFile, await textWithPorts(join(folder, 'weft.yaml'), ports));
  const config = await loadConfig({ file: configFile, env: own });
  const logger = pino({ level: process.env['WEFT_LOG_LEVEL'] ?? 'silent' }, pino.destination(2));
  const network = openNetworkDoor(config.api, own);
  const weft = await startWeft(config, { logger, env: own });
  const api = await serveApi({ engine: weft.engine, config, logger, version: 'example', network });
  return {
    engine: weft.engine,
    api,
    async run(context, stage) {
      const file = join(folder, 'template.yaml');
      const template = { kind: 'text', text: await textWithPorts(file, ports), file } as const;
      const { task } = await weft.engine.submit({ template, context, principal: 'demo' });
      await follow(weft, task.task_id, stage);
      return weft.engine.task(task.task_id);
    },
    async close() {
      await api.close();
      await weft.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function textWithPorts(file: string, ports: Readonly<Record<number, number>>): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\bport: (\d+)/g, (whole, port) => {
    const moved = ports[Number(port)];
    return moved === undefined ? whole : `port: ${moved}`;
  });
}

/** Shows a task's events until it has settled. @throws Error when it waits for an operator: nobody is there to help */
export async function follow({ engine }: Weft, taskId: string, stage: Stage): Promise<void> {
  for await (const { event } of engine.watch(taskId, 0, new AbortController().signal)) {
    stage.show(event);
    if (event.kind === 'task_status_changed' && event.to === 'blocked_by_failures') {
      const failed = (await engine.task(taskId)).steps.filter(({ status }) => status === 'error');
      const what = failed
        .map(({ name, failure }) => `${name}: ${failure?.['code']} (${failure?.['message']})`)
        .join('; ');
      throw new Error(`the example's task is blocked by failures: ${what}`);
    }
  }
}

/** The result of a task's step, by the name of the step. */
export function resultOf(task: TaskView, step: string): JsonObject {
  return (task.steps.find(({ name }) => name === step)?.result ?? {}) as JsonObject;
}

/** Shows nothing: for tests. */
export const SILENT: Stage = { say: () => undefined, show: () => undefined };
