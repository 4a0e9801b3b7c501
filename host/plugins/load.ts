import { pathToFileURL } from 'node:url';
import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { ConfiguredModels } from '../../kernel/planning/configured_model.ts';
import { createPlanningRegistries, type PlanningRegistries } from '../../kernel/planning/registry.ts';
import { applyPlugins, asPlugin, type Plugin } from '../../kernel/plugin.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { satisfies } from '../catalog/catalog.ts';
import { pluginFile, pluginFolders } from './find.ts';

/** What loading plugins needs. */
export interface LoadPluginsOptions {
  /** Each a plugin itself, or a folder of plugins. */
  readonly directories: readonly string[];
  /** By plugin name. */
  readonly options: Readonly<Record<string, JsonObject>>;
  readonly hooks: Hooks;
  readonly compiler: SchemaCompiler;
  readonly logger: Pick<Logger, 'child' | 'debug' | 'error' | 'info'>;
  /** Where plugins put planners and model adapters; nobody asks for them when absent. */
  readonly planning?: PlanningRegistries;
  /** `models` of the operator config; none when absent. */
  readonly models?: ConfiguredModels;
  /** Where plugins find keys; empty when absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Loads every plugin of the directories and applies them; gives them back in the order in which they were applied.
 * All are tried, so that the log names every one that cannot be used; then the first of those is thrown, before
 * anything was applied.
 * @throws plugin_invalid naming the file, or the plugin once its name is known, and the reason
 */
export async function loadPlugins(options: LoadPluginsOptions): Promise<readonly Plugin[]> {
  const {
    directories,
    hooks,
    compiler,
    logger,
    planning = createPlanningRegistries(),
    models = {},
    env = {},
  } = options;
  const tried = await readPlugins(directories);
  const failures = tried.flatMap(({ read }) => (read instanceof WeftError ? [read] : []));
  for (const failure of failures) {
    logger.error({ plugin: failure.params['plugin'] }, failure.message);
    // Whoever writes a plugin wants to know where in it.
    logger.debug({ err: failure.cause }, 'what kept it from being used');
  }
  if (failures[0] !== undefined) throw failures[0];
  const plugins = tried.flatMap(({ read }) => (read instanceof WeftError ? [] : [read]));
  const applied = applyPlugins(plugins, {
    hooks,
    compiler,
    options: options.options,
    satisfies,
    servicesFor: (plugin) => {
      const own = logger.child({ plugin });
      return {
        log: (level, message, fields = {}) => own[level](fields, message),
        ...planning,
        configured_models: models,
        variable: (name) => env[name],
      };
    },
  });
  for (const { name, version } of applied) logger.info({ plugin: name, version }, 'plugin applied');
  return applied;
}

/** A plugin as it was read, or why it cannot be; nothing of it was applied. */
export interface ReadPlugin {
  /** Its folder, or the directory that could not be looked through. */
  readonly folder: string;
  readonly read: Plugin | WeftError;
}

/** Reads every plugin of the directories, each by itself. Never rejects. */
export async function readPlugins(directories: readonly string[]): Promise<readonly ReadPlugin[]> {
  return (await Promise.all(directories.map(readDirectory))).flat();
}

async function readDirectory(directory: string): Promise<readonly ReadPlugin[]> {
  try {
    const folders = await pluginFolders(directory);
    return await Promise.all(folders.map(async (folder) => ({ folder, read: await readFolder(folder) })));
  } catch (error) {
    return [{ folder: directory, read: asFailure(error, directory) }];
  }
}

async function readFolder(folder: string): Promise<Plugin | WeftError> {
  let source = folder;
  try {
    source = await pluginFile(folder);
    const module = (await import(pathToFileURL(source).href)) as { readonly default?: unknown };
    return asPlugin(module.default, source);
  } catch (error) {
    return asFailure(error, source);
  }
}

/** Whatever went wrong while looking for or importing a plugin. */
function asFailure(error: unknown, plugin: string): WeftError {
  if (error instanceof WeftError) return error;
  const problem = error instanceof Error ? error.message : String(error);
  return new WeftError('plugin_invalid', { plugin, problem }, { cause: error });
}
