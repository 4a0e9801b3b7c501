import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../doctor/finding.ts';
import { socketPath } from '../../http/socket_path.ts';
import { WeftClient } from '../client.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../io.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { createLogger, loadConfig, openCatalog } from '../runtime.ts';
import { VERSION } from '../version.ts';

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** Looks at the machine. */
export const DOCTOR = command({
  name: 'doctor',
  summary: 'Look at everything Weft needs on this machine, and say what to do.',
  details:
    'Node and toolchain, config, data directory, store and its owner, server, handlers, plugins, secrets, port, clock.\n' +
    'Nothing is changed. Exit code 1 when a check fails; warnings leave it 0.',
  arguments: [],
  options: { ...OUTPUT_OPTION, ...CONFIG_OPTION },
  examples: [
    { line: 'weft doctor', doc: 'With ./weft.yaml, or the defaults.' },
    { line: 'weft doctor --config /etc/weft.yaml -o json', doc: 'For a monitoring system.' },
  ],
  async run({ options, io }) {
    const { examine } = await import('../../doctor/doctor.ts');
    const findings = await examine({
      version: VERSION,
      env: io.env,
      now: Date.now(),
      logger: createLogger('silent'),
      loadConfig: () => loadConfig(options.config, io.env),
      configSource: configSource(options.config, io.env),
      serverAnswers: ({ data_directory }) => answers(socketPath(data_directory)),
      loadHandlers: async (config) => {
        const catalog = await openCatalog(config, createLogger('silent'));
        await catalog.close();
        return catalog.handlers().length;
      },
    });
    new Output(io, options.output).rows(findings, (paint) => [
      { title: 'CHECK', of: ({ check }: Finding) => check },
      { title: 'STATUS', of: ({ status }) => paint(COLOURS[status], status) },
      { title: 'FOUND', of: ({ found, advice }) => printable(advice === null ? found : `${found} → ${advice}`) },
    ]);
    return findings.some(({ status }) => status === 'fail') ? EXIT.failure.code : EXIT.ok.code;
  },
});

function configSource(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = file ?? (env['WEFT_CONFIG'] || undefined);
  return named ?? (existsSync('weft.yaml') ? path.resolve('weft.yaml') : 'the defaults; there is no weft.yaml here');
}

async function answers(socket: string): Promise<boolean> {
  const client = new WeftClient({ socket });
  try {
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
