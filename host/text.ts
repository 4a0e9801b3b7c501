import { readFile } from 'node:fs/promises';
import { WeftError } from '../kernel/errors.ts';

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The text of UTF-8 bytes, without a byte order mark; undefined when they are something else. Nothing is replaced: what
 * could not be read would be kept as if it had been written.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of a file. @throws file_unreadable, with the system's error as its cause */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new WeftError('file_unreadable', { file, problem: wordsFor(cause) }, { cause });
  });
  return textOf(bytes, file);
}

/** The text of what was read from `name`. @throws file_unreadable */
export function textOf(bytes: Uint8Array, name: string): string {
  const text = decodeText(bytes);
  if (text !== undefined) return text;
  throw new WeftError('file_unreadable', { file: name, problem: 'it is not UTF-8 text' });
}

function wordsFor({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'it does not exist';
  return code === 'EISDIR' ? 'it is a folder' : message;
}
