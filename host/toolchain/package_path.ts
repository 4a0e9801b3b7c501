import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The absolute path of something Weft ships, such as `wit` or `handlers/guest`: looked for beside this module's
 * ancestors, so that it is found in the repository, in an installed package and below an output folder.
 * @throws Error when the installation lacks it
 */
export function packagePath(name: string): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let directory = start; ; directory = dirname(directory)) {
    const path = join(directory, name);
    if (existsSync(path)) return path;
    if (dirname(directory) === directory)
      throw new Error(`Weft's own "${name}" is missing above ${start}; reinstall weft`);
  }
}
