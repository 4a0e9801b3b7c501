import { WeftError } from './errors.ts';
import type { Hooks, PluginHooks } from './hooks/hooks.ts';
import type { Json, JsonObject } from './json.ts';
import type { ConfiguredModels } from './planning/configured_model.ts';
import type { ModelAdapter } from './planning/model_adapter.ts';
import type { Planner } from './planning/planner.ts';
import type { Registry } from './planning/registry.ts';
import type { SchemaCompiler } from './schema/compile.ts';
import { didYouMean } from './schema/nearest.ts';
import { isObject } from './schema/walk.ts';

/** Of the contract between Weft and its plugins: the hook table, `Plugin`, and what `kernel/index.ts` exports. */
export const KERNEL_VERSION = '1.0.0';

/** What Weft lends to a plugin. */
export interface PluginServices {
  /** Writes to the process's log, under the plugin's name. */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: JsonObject): void;
  /** Planners by the name that planning steps refer to them with. */
  readonly planners: Registry<Planner>;
  /** Model adapters by name; look them up when they are used, since other plugins may be applied later. */
  readonly models: Registry<ModelAdapter>;
  /** The models of the operator config, by the names that planning steps use. */
  readonly configured_models: ConfiguredModels;
  /** A variable of the environment, as a model's key; undefined when it is not set. */
  variable(name: string): string | undefined;
}

/** A plugin is a value: nothing of it runs before `name`, `kernel`, `after` and its options were checked. */
export interface Plugin {
  /** snake_case; unique among the plugins of a process. */
  readonly name: string;
  readonly version: string;
  /** npm semver range of the kernel versions it was written for, as `^1`. */
  readonly kernel: string;
  /** Names of plugins whose taps come before its own; each must be loaded. */
  readonly after?: readonly string[];
  /** JSON Schema 2020-12 of its options; `{}` must meet it when the operator gives none. */
  readonly optionsSchema: JsonObject;
  /** Taps the hooks. Synchronous; called once. `options` met the schema. */
  apply(hooks: PluginHooks, options: JsonObject, services: PluginServices): void;
}

/** What using plugins takes. */
export interface PluginEnvironment {
  readonly hooks: Hooks;
  readonly compiler: SchemaCompiler;
  /** By plugin name; `{}` for one that is not listed. */
  readonly options: Readonly<Record<string, JsonObject>>;
  satisfies(version: string, range: string): boolean;
  servicesFor(plugin: string): PluginServices;
}

/**
 * Checks plugins and their options, then applies them and gives them back in that order. Nothing is applied unless
 * all are sound, since a policy that half of its plugins enforce is none.
 * @throws plugin_invalid for the first that cannot be used
 */
export function applyPlugins(plugins: readonly Plugin[], env: PluginEnvironment): readonly Plugin[] {
  const ordered = orderPlugins(plugins);
  for (const { name, kernel } of ordered) {
    if (env.satisfies(KERNEL_VERSION, kernel)) continue;
    throw invalid(name, `it is written for kernel ${kernel}, and this is ${KERNEL_VERSION}`);
  }
  const given = ordered.map((plugin) => checkOptions(plugin, env));
  const strangers = Object.keys(env.options).filter((name) => !plugins.some((plugin) => plugin.name === name));
  for (const stranger of strangers) {
    const names = plugins.map(({ name }) => name);
    throw invalid(stranger, `it has options, but it is not loaded; ${hint(stranger, names)}`);
  }
  for (const [index, plugin] of ordered.entries()) {
    try {
      plugin.apply(env.hooks.forPlugin(plugin.name), given[index]!, env.servicesFor(plugin.name));
    } catch (cause) {
      throw invalid(plugin.name, `apply failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }
  return ordered;
}

/**
 * Plugins in the order in which they are applied: each after those it names, otherwise by name.
 * @throws plugin_invalid when two have one name, one comes after a plugin that is not there, or they go in a circle
 */
export function orderPlugins(plugins: readonly Plugin[]): readonly Plugin[] {
  const byName = new Map<string, Plugin>();
  for (const plugin of plugins) {
    if (byName.has(plugin.name)) throw invalid(plugin.name, 'another one has the same name');
    byName.set(plugin.name, plugin);
  }
  const names = [...byName.keys()].sort();
  const ordered = new Set<Plugin>();
  const visit = (name: string, path: readonly string[]): void => {
    const plugin = byName.get(name)!;
    if (ordered.has(plugin)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(' → ');
      throw invalid(name, `it comes after itself: ${circle}`);
    }
    for (const before of plugin.after ?? []) {
      if (!byName.has(before))
        throw invalid(name, `it comes after "${before}", which is not loaded; ${hint(before, names)}`);
      visit(before, [...path, name]);
    }
    ordered.add(plugin);
  };
  for (const name of names) visit(name, []);
  return [...ordered];
}

/**
 * Takes a value from outside as a plugin.
 * @throws plugin_invalid with every member that is not what the contract says; `source` names it
 */
export function asPlugin(value: unknown, source: string): Plugin {
  if (typeof value !== 'object' || value === null) {
    throw invalid(
      source,
      'its default export is no plugin: an object with name, version, kernel, optionsSchema, apply',
    );
  }
  const problems = Object.entries(MEMBERS).flatMap(([key, { is, expected }]) => {
    const member = (value as Record<string, unknown>)[key];
    return is(member) ? [] : [`${key} must be ${expected}`];
  });
  if (problems.length > 0) throw invalid(source, problems.join('; '));
  return value as Plugin;
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';

const MEMBERS: Record<keyof Plugin, { is(value: unknown): boolean; expected: string }> = {
  name: { is: (value) => typeof value === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(value), expected: 'snake_case' },
  version: { is: isText, expected: 'a semantic version' },
  kernel: { is: isText, expected: 'a range of kernel versions, as "^1"' },
  after: {
    is: (value) => value === undefined || (Array.isArray(value) && value.every(isText)),
    expected: 'a list of plugin names',
  },
  optionsSchema: { is: (value) => isObject(value as Json), expected: 'a JSON Schema' },
  apply: { is: (value) => typeof value === 'function', expected: 'a function' },
};

function checkOptions({ name, optionsSchema }: Plugin, { compiler, options }: PluginEnvironment): JsonObject {
  const compiled = compiler.compile(optionsSchema);
  if (!compiled.ok) throw invalid(name, `optionsSchema${list(compiled.problems)}`);
  const given = options[name] ?? {};
  const problems = compiled.check(given);
  if (problems.length > 0) throw invalid(name, `its options in weft.yaml${list(problems)}`);
  return given;
}

function list(
  problems: readonly { readonly pointer: string; readonly message: string; readonly suggestion?: string }[],
): string {
  return problems
    .map(({ pointer, message, suggestion }) => ` ${pointer || '/'} ${message}${suggestion ? ` (${suggestion})` : ''}`)
    .join(';');
}

function hint(name: string, names: readonly string[]): string {
  return didYouMean(name, names) ?? `loaded are: ${names.join(', ') || 'none'}`;
}

function invalid(plugin: string, problem: string, cause?: unknown): WeftError {
  return new WeftError('plugin_invalid', { plugin, problem }, cause === undefined ? {} : { cause });
}
