import { WeftError } from '../../kernel/errors.ts';
import type { Page } from './port.ts';

/** The sort key of a row: where in a listing it stands. */
export type Position = readonly (string | number)[];

/** The opaque cursor of a position in the listing `kind`: base64url of JSON. */
export function encodeCursor(kind: string, position: Position): string {
  return Buffer.from(JSON.stringify([kind, ...position])).toString('base64url');
}

/**
 * The position that `encodeCursor` made a cursor of; `like` has a value of each element's type.
 * @throws cursor_invalid for anything that this listing did not give out
 */
export function decodeCursor(kind: string, cursor: string, like: Position): Position {
  const [from, ...position] = parse(cursor);
  const fits = position.length === like.length && position.every((value, i) => typeof value === typeof like[i]);
  if (from !== kind || !fits) throw new WeftError('cursor_invalid', { cursor });
  return position as unknown as Position;
}

/** A page of at most `limit` rows, of up to `limit + 1` that were read to learn whether another page follows. */
export function pageOf<T>(rows: readonly T[], limit: number, kind: string, position: (row: T) => Position): Page<T> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, next_cursor: encodeCursor(kind, position(items.at(-1)!)) };
}

function parse(cursor: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
