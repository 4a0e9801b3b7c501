import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import { areBuilt } from '../catalog/built_in.ts';
import type { OperatorConfig } from '../config/types.ts';
import { loadSecrets } from '../imports/secrets.ts';
import { checkDataDirectory } from './data_directory.ts';
import { type Finding, fail, messageOf, ok } from './finding.ts';
import { checkBuilt, checkLoadable } from './handlers.ts';
import { checkNode, checkPins, checkWeft } from './installation.ts';
import { checkApi } from './network.ts';
import { checkPlugins } from './plugins.ts';
import { checkStore } from './store.ts';

/** What the checks need from their surroundings. */
export interface DoctorOptions {
  readonly version: string;
  /** @throws config_invalid, file_unreadable */
  readonly loadConfig: () => Promise<OperatorConfig>;
  /** Where the config comes from, for people. */
  readonly configSource: string;
  /** Whether a Weft answers on the private socket of this config. */
  readonly serverAnswers: (config: OperatorConfig) => Promise<boolean>;
  /** Loads every handler of a config, and gives their number. */
  readonly loadHandlers: (config: OperatorConfig) => Promise<number>;
  readonly logger: Logger;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Looks at everything that Weft needs on this machine, and changes nothing. Checks that need a config come last. */
export async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const { version, configSource } = options;
  const installation = [
    checkNode(process.execPath, process.version),
    checkWeft(version),
    ...checkPins(),
    await checkBuilt(),
  ];
  try {
    const config = await options.loadConfig();
    return [...installation, ok('config', configSource), ...(await examineConfig(config, options))];
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    const advice = 'mend what is named; `weft doctor` then goes on to what the config says';
    return [...installation, fail('config', [configSource, messageOf(error), ...problemsOf(error)].join(': '), advice)];
  }
}

async function examineConfig(config: OperatorConfig, options: DoctorOptions): Promise<readonly Finding[]> {
  const { env, logger, now } = options;
  const answers = await options.serverAnswers(config);
  const plugins = await checkPlugins(config, logger);
  return [
    ...(await checkDataDirectory(config.data_directory)),
    ok('server', answers ? 'answers on the private socket' : 'none runs'),
    ...checkStore(config.store.path, answers, now),
    plugins,
    // Handlers are loaded under the eyes of the plugins; those that are not there yet would be built.
    ...(plugins.status === 'fail' || !(await areBuilt())
      ? []
      : [await checkLoadable(() => loadAside(config, options))]),
    await checkSecrets(config, env),
    ...(await checkApi(config.api, answers, env)),
  ];
}

/** Loads the handlers without leaving a data directory behind where there was none. */
async function loadAside(config: OperatorConfig, { loadHandlers }: DoctorOptions): Promise<number> {
  const aside = await mkdtemp(join(tmpdir(), 'weft-doctor-'));
  try {
    const cache_directory = existsSync(config.cache_directory) ? config.cache_directory : join(aside, 'cache');
    return await loadHandlers({ ...config, data_directory: aside, cache_directory });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function checkSecrets({ secrets }: OperatorConfig, env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    await loadSecrets(secrets, '', env);
    return ok('secrets', `${Object.keys(secrets).length} readable`);
  } catch (error) {
    return fail('secrets', messageOf(error), 'set the variables, or let Weft read the files, that "secrets" names');
  }
}

function problemsOf({ diagnostics }: WeftError): readonly string[] {
  return diagnostics.map(({ file, line, message }) => `${file ?? ''}:${line ?? ''} ${message}`);
}
