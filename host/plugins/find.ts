import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WeftError } from '../../kernel/errors.ts';

/** A plugin's module. */
export interface FoundPlugin {
  readonly file: string;
  readonly url: string;
}

/** A package is a plugin by its `main`, any other folder by one of these. */
const ENTRIES = ['plugin.ts', 'plugin.js', 'plugin.mjs'];

/**
 * The plugins of a directory: itself, when it is one, or each of its folders, of which every one must be one.
 * @throws plugin_invalid naming the folder that holds no plugin; file system errors
 */
export async function findPlugins(directory: string): Promise<readonly FoundPlugin[]> {
  const own = await entryOf(directory);
  if (own !== undefined) return [own];
  const folders = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(directory, entry.name))
    .sort();
  return Promise.all(
    folders.map(async (folder) => {
      const entry = await entryOf(folder);
      if (entry !== undefined) return entry;
      const problem = `the folder holds neither ${ENTRIES.join(', ')} nor a package.json with "main"`;
      throw new WeftError('plugin_invalid', { plugin: folder, problem });
    }),
  );
}

async function entryOf(folder: string): Promise<FoundPlugin | undefined> {
  const names = await readdir(folder);
  const entry = names.includes('package.json') ? await mainOf(folder) : undefined;
  const name = entry ?? ENTRIES.find((candidate) => names.includes(candidate));
  if (name === undefined) return undefined;
  const file = join(folder, name);
  return { file, url: pathToFileURL(file).href };
}

async function mainOf(folder: string): Promise<string | undefined> {
  const file = join(folder, 'package.json');
  try {
    const { main } = JSON.parse(await readFile(file, 'utf8')) as { readonly main?: unknown };
    return typeof main === 'string' ? main : undefined;
  } catch (cause) {
    throw new WeftError('plugin_invalid', { plugin: file, problem: (cause as Error).message }, { cause });
  }
}
