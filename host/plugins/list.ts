import { relative } from 'node:path';
import { WeftError } from '../../kernel/errors.ts';
import { createHooks, type Hooks, type PluginHooks } from '../../kernel/hooks/hooks.ts';
import { createPlanningRegistries, type Registry } from '../../kernel/planning/registry.ts';
import { applyPlugins, type Plugin } from '../../kernel/plugin.ts';
import { satisfies } from '../catalog/catalog.ts';
import type { OperatorConfig } from '../config/types.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { BUILT_IN_PLUGINS } from './built_in.ts';
import { type ReadPlugin, readPlugins } from './load.ts';

/** A plugin as people see it. */
export interface PluginRow {
  /** Null for one that could not be read. */
  readonly name: string | null;
  readonly version: string | null;
  /** `planner llm`, `model anthropic`, `hook validatePolicy`; empty for one that cannot be used. */
  readonly provides: readonly string[];
  /** `weft` for those that come with it; otherwise the folder, from the working directory. */
  readonly source: string;
  /** What keeps it from being used; null when nothing does. */
  readonly problem: string | null;
}

/** Every plugin of the config, in order of name, with what it taps and registers when it is applied with its options. */
export async function listPlugins(
  { plugins: { directories, options }, models }: Pick<OperatorConfig, 'plugins' | 'models'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly PluginRow[]> {
  const read = await readPlugins([...BUILT_IN_PLUGINS, ...directories]);
  const plugins = read.flatMap(({ read }) => (read instanceof WeftError ? [] : [read]));
  const provided = new Map<string, string[]>();
  const note = (plugin: string, what: string): void => {
    const all = provided.get(plugin) ?? [];
    provided.set(plugin, all.includes(what) ? all : [...all, what]);
  };
  const refused = new Map<string, string>();
  // The first that cannot be used ends the applying; without it, the next one shows.
  for (let left: readonly Plugin[] = plugins; ; ) {
    provided.clear();
    const failure = apply(left, { options, models, env, note });
    if (failure === undefined) break;
    const name = String(failure.params['plugin']);
    refused.set(name, String(failure.params['problem']));
    const rest = left.filter((plugin) => plugin.name !== name);
    if (rest.length === left.length) break;
    left = rest;
  }
  return read.map((each) => rowOf(each, provided, refused)).sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

type ApplyOptions = Pick<OperatorConfig, 'models'> &
  Pick<OperatorConfig['plugins'], 'options'> & {
    readonly env: Readonly<Record<string, string | undefined>>;
    note(plugin: string, what: string): void;
  };

function apply(plugins: readonly Plugin[], { options, models, env, note }: ApplyOptions): WeftError | undefined {
  const planning = createPlanningRegistries();
  const named = new Set(plugins.map(({ name }) => name));
  try {
    applyPlugins(plugins, {
      hooks: noting(createHooks(), note),
      compiler: hostSchemaCompiler(),
      // Those of a plugin that was left out would be strangers.
      options: Object.fromEntries(Object.entries(options).filter(([name]) => named.has(name))),
      satisfies,
      servicesFor: (plugin) => ({
        log: () => undefined,
        planners: notingRegistry(planning.planners, (name) => note(plugin, `planner ${name}`)),
        models: notingRegistry(planning.models, (name) => note(plugin, `model ${name}`)),
        configured_models: models,
        variable: (name) => env[name],
      }),
    });
    return undefined;
  } catch (error) {
    if (error instanceof WeftError) return error;
    throw error;
  }
}

function noting(hooks: Hooks, note: ApplyOptions['note']): Hooks {
  return {
    ...hooks,
    forPlugin(plugin) {
      const own = hooks.forPlugin(plugin) as unknown as Record<string, { tap(...args: unknown[]): void }>;
      const entries = Object.entries(own).map(([hook, { tap }]) => {
        const noted = (...args: unknown[]): void => {
          tap(...args);
          note(plugin, `hook ${hook}`);
        };
        return [hook, { tap: noted }] as const;
      });
      return Object.fromEntries(entries) as unknown as PluginHooks;
    },
  };
}

function notingRegistry<T>(registry: Registry<T>, note: (name: string) => void): Registry<T> {
  return {
    ...registry,
    register(name, value) {
      registry.register(name, value);
      note(name);
    },
  };
}

function rowOf(
  { folder, read }: ReadPlugin,
  provided: ReadonlyMap<string, readonly string[]>,
  refused: ReadonlyMap<string, string>,
): PluginRow {
  const source = BUILT_IN_PLUGINS.some((own) => folder.startsWith(own)) ? 'weft' : relative('', folder) || '.';
  if (read instanceof WeftError) {
    return { name: null, version: null, provides: [], source, problem: String(read.params['problem']) };
  }
  const { name, version } = read;
  const problem = refused.get(name) ?? null;
  return { name, version, provides: problem === null ? (provided.get(name) ?? []) : [], source, problem };
}
