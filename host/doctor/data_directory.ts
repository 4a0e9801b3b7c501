import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Finding, fail, messageOf, ok, warn } from './finding.ts';

const MB = 1024 * 1024;
const FREE_BYTES_SCARCE = 1024 * MB;
const FREE_BYTES_MIN = 100 * MB;

/** Whether the data directory can be written by its owner and by nobody else, and whether there is room. */
export async function checkDataDirectory(directory: string): Promise<readonly Finding[]> {
  try {
    const there = await existing(directory);
    await access(there, constants.W_OK | constants.X_OK);
    return [
      there === directory ? await privacyOf(directory) : ok('data_directory', `${directory}, made when needed`),
      await spaceIn(there),
    ];
  } catch (error) {
    const advice = 'let the user who runs Weft write there, or set data_directory (WEFT_DATA_DIRECTORY)';
    return [fail('data_directory', `${directory} cannot be used: ${messageOf(error)}`, advice)];
  }
}

/** The directory, or the nearest one above it that is there. */
async function existing(directory: string): Promise<string> {
  const found = await stat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && dirname(directory) !== directory) return undefined;
    throw error;
  });
  if (found === undefined) return existing(dirname(directory));
  if (!found.isDirectory()) throw new Error(`${directory} is no directory`);
  return directory;
}

async function privacyOf(directory: string): Promise<Finding> {
  const { mode, uid } = await stat(directory);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own && own !== 0) {
    return warn('data_directory', `${directory} belongs to user ${uid}`, 'run Weft as the user who owns its data');
  }
  if ((mode & 0o077) === 0) return ok('data_directory', `${directory}, for its owner only`);
  const found = `${directory} is open to others (mode ${(mode & 0o777).toString(8)}): it holds contexts and results`;
  return warn('data_directory', found, `chmod 700 ${directory}`);
}

async function spaceIn(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MB)} MB free at ${directory}`;
  const advice = 'make room: a commit that does not fit stops every task until there is some';
  if (free < FREE_BYTES_MIN) return fail('space', found, advice);
  return free < FREE_BYTES_SCARCE ? warn('space', found, advice) : ok('space', found);
}
