import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WeftError } from '../../../kernel/errors.ts';
import { modelFiles } from './model_files.ts';
import { plannerFiles } from './planner_files.ts';
import { validatorFiles } from './validator_files.ts';

/** What can be written to begin with. */
export const PLUGIN_KINDS = ['planner', 'llm', 'validator'] as const;

export type PluginKind = (typeof PLUGIN_KINDS)[number];

/** The files of a scaffold, by name. */
export type ScaffoldFiles = Readonly<Record<string, string>>;

const FILES: Record<PluginKind, (name: string) => ScaffoldFiles> = {
  planner: plannerFiles,
  llm: modelFiles,
  validator: validatorFiles,
};

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Why a name cannot be a plugin's; undefined when it can. */
export function pluginNameProblem(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : `"${name}" cannot be the name of a plugin: write it in lower-case letters, digits and "_", a letter first`;
}

/**
 * Writes a plugin that does something small: it can be used as it is, passes its conformance suite, and is there to be
 * changed. All of it appears at once.
 * @throws plugin_exists when there is anything of that name
 */
export async function newPlugin(options: {
  readonly kind: PluginKind;
  readonly name: string;
  /** Receives the folder; made when absent. */
  readonly directory: string;
}): Promise<{ readonly folder: string; readonly files: readonly string[] }> {
  const { kind, name, directory } = options;
  const folder = resolve(directory, name);
  const exists = (cause?: unknown) =>
    new WeftError('plugin_exists', { path: folder }, cause === undefined ? {} : { cause });
  if (existsSync(folder)) throw exists();
  const files = FILES[kind](name);
  const staging = join(resolve(directory), `.${name}.${process.pid}`);
  try {
    await mkdir(staging, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(staging, file), text);
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOTEMPTY' || error.code === 'EEXIST' ? exists(error) : error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { folder, files: Object.keys(files) };
}
