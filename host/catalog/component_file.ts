import { constants, type Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { refuse } from './refusal.ts';

/** A component's file as a look at its directory found it. */
export interface FoundFile {
  readonly path: string;
  /** Says that a file is as it was: another one where anything of it changed. */
  readonly stamp: string;
}

/** A directory as a look found it. */
export type FoundDirectory =
  | { readonly kind: 'read'; readonly files: readonly FoundFile[] }
  /** It is not there, or not ours to read. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** Not a component that somebody still writes, as copying tools name it. */
const COMPONENT_NAME = /^[^.].*\.wasm$/s;

/** The components of a directory, sorted by name; files whose names begin with a dot are none. Never rejects. */
export async function lookInto(directory: string): Promise<FoundDirectory> {
  try {
    const names = (await readdir(directory)).filter((name) => COMPONENT_NAME.test(name)).sort();
    return { kind: 'read', files: await Promise.all(names.map((name) => foundFile(join(directory, name)))) };
  } catch (error) {
    return { kind: 'unreadable', problem: (error as Error).message };
  }
}

/** Never rejects: a file that cannot be looked at is one that reading will refuse. */
export async function foundFile(path: string): Promise<FoundFile> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return { path, stamp: [dev, ino, size, mtimeMs, ctimeMs].join('/') };
  } catch (error) {
    return { path, stamp: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}

/**
 * Reads a component that lies in a directory. A link is followed where it ends in the same directory, as mounted volumes
 * have them, and nowhere else: it could make anything readable that this process may read.
 * @throws Refusal
 */
export async function readComponentFile(path: string, directory: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const [real, root] = await Promise.all([realpath(path), realpath(directory)]);
    if (!real.startsWith(root + sep)) {
      throw refuse('read', 'component_unreadable', {
        message: 'it is a link that leads out of its directory',
        suggestion: 'copy the component into the directory, or name the directory where it is',
      });
    }
    // A pipe must not hold up who opens it, and what became a link meanwhile is not followed.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw refuse('read', 'component_unreadable', { message: 'it is not a regular file' });
      if (found.size > bytesMax) throw tooLarge(found, bytesMax);
      // A file that grows while it is read is read no further than this.
      const bytes = Buffer.alloc(found.size);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) throw error;
    throw refuse('read', 'component_unreadable', { message: `it cannot be read: ${error.message}` }, error);
  }
}

function tooLarge({ size }: Stats, bytesMax: number) {
  return refuse('read', 'component_too_large', {
    message: 'the component is too large',
    expected: `at most ${bytesMax} bytes`,
    got: `${size} bytes`,
  });
}
