import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '../../kernel/errors.ts';

/** A package is a plugin by its `main`, any other folder by one of these. */
const ENTRIES = ['plugin.ts', 'plugin.js', 'plugin.mjs'];

/** The folders of a directory that must each be a plugin: itself, when it looks like one, or all it holds. */
export async function pluginFolders(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'package.json' || ENTRIES.includes(name))) return [directory];
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(directory, entry.name))
    .sort();
}

/**
 * The file of a plugin's module.
 * @throws plugin_invalid when the folder holds none; file system errors
 */
export async function pluginFile(folder: string): Promise<string> {
  const names = await readdir(folder);
  const main = names.includes('package.json') ? await mainOf(join(folder, 'package.json')) : undefined;
  const entry = main ?? ENTRIES.find((candidate) => names.includes(candidate));
  if (entry !== undefined) return join(folder, entry);
  const problem = `the folder holds neither ${ENTRIES.join(', ')} nor a package.json with "main"`;
  throw new WeftError('plugin_invalid', { plugin: folder, problem });
}

async function mainOf(file: string): Promise<string | undefined> {
  try {
    const { main } = JSON.parse(await readFile(file, 'utf8')) as { readonly main?: unknown };
    return typeof main === 'string' ? main : undefined;
  } catch (cause) {
    throw new WeftError('plugin_invalid', { plugin: file, problem: (cause as Error).message }, { cause });
  }
}
