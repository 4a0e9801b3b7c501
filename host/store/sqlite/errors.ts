import { WeftError } from '../../../kernel/errors.ts';

/** SQLite's primary result codes that a later try may not meet. https://www.sqlite.org/rescode.html */
const PASSING = new Map([
  [5, 'it is busy'],
  [6, 'a table is locked'],
  [7, 'out of memory'],
  [8, 'it is read-only'],
  [10, 'the disk reports an error'],
  [13, 'the disk is full'],
  [14, 'the file cannot be opened'],
]);

/** What an error of `node:sqlite` means for the store: try again, or stop. Errors of the store itself stay as they are. */
export function storeError(error: unknown): WeftError {
  if (error instanceof WeftError) return error;
  const { errcode, errstr, code, message } = error as Error & { errcode?: number; errstr?: string; code?: string };
  if (code === 'ERR_INVALID_STATE') return new WeftError('store_unavailable', { problem: 'it is closed' });
  const passing = PASSING.get((errcode ?? 0) & 0xff);
  return passing === undefined
    ? new WeftError('store_corrupt', { problem: message }, { cause: error })
    : new WeftError('store_unavailable', { problem: `${passing} (${errstr})` }, { cause: error });
}

/** What a query gives; rejects with the store's errors instead of SQLite's. */
export async function read<T>(query: () => T): Promise<T> {
  try {
    return query();
  } catch (error) {
    throw storeError(error);
  }
}
