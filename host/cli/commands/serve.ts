import { once } from 'node:events';
import path from 'node:path';
import { command } from '../command.ts';
import { CONFIG_OPTION, HANDLERS_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { LOG_LEVEL_OPTION } from '../log_level.ts';
import { note } from '../output.ts';
import { usage } from '../parse.ts';
import { createLogger, loadConfig, startRuntime, withHandlers } from '../runtime.ts';
import { VERSION } from '../version.ts';

/** Runs Weft until it is told to stop. */
export const SERVE = command({
  name: 'serve',
  summary: 'Run Weft: the engine, its workers and the HTTP API, in one process.',
  details:
    'SIGTERM or SIGINT: finish what runs, within the grace of the operator config, and stop. A second one: stop at once;\n' +
    'nothing that was acknowledged is lost either way.',
  arguments: [],
  options: {
    ...CONFIG_OPTION,
    ...HANDLERS_OPTION,
    host: { value: 'ADDRESS', doc: 'Where the API listens; 127.0.0.1 unless the operator config says otherwise.' },
    port: { value: 'PORT', doc: 'The port of the API; 0 for any that is free.' },
    ...LOG_LEVEL_OPTION,
  },
  examples: [
    { line: 'weft serve', doc: 'With ./weft.yaml, or with defaults that fit one machine.' },
    { line: 'weft serve --handlers ./components', doc: 'Components that are copied there can be used at once.' },
    { line: 'weft serve --config /etc/weft.yaml --port 0', doc: 'On any free port; stderr says which.' },
  ],
  async run({ options, io }) {
    const loaded = await withHandlers(await loadConfig(options.config, io.env), options.handlers);
    const { api, log } = loaded;
    const config = {
      ...loaded,
      api: { ...api, host: options.host ?? api.host, port: portOf(options.port) ?? api.port },
    };
    const { openNetworkDoor, serveApi } = await import('../../http/serve.ts');
    // Before the engine starts: nothing runs behind a door that will not open.
    const network = openNetworkDoor(config.api, io.env);
    const logger = createLogger(options['log-level'] ?? log.level);
    const runtime = await startRuntime(config, logger);
    try {
      const { engine } = runtime;
      const served = await serveApi({ engine, config, logger, version: VERSION, network });
      note(io, `weft ${VERSION} answers at ${served.url} and on ${path.resolve(served.socket)}`);
      if (!io.interrupted.aborted) await once(io.interrupted, 'abort');
      note(io, 'stopping: what runs may finish; once more to stop at once');
      await served.close();
    } finally {
      await runtime.close();
    }
    return EXIT.ok.code;
  },
});

function portOf(port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  if (/^\d{1,5}$/.test(port) && Number(port) < 65_536) return Number(port);
  throw usage(`--port takes a number from 0 to 65535, not "${port}"`);
}
