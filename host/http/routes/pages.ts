import { WeftError } from '../../../kernel/errors.ts';
import type { Page } from '../../store/port.ts';
import type { Schema } from '../route.ts';

/** Query fields of every list. */
export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

/** Schemas of the query fields of every list. */
export const PAGE_QUERY: Readonly<Record<keyof PageQuery, Schema>> = {
  cursor: { type: 'string', minLength: 1, maxLength: 500, description: 'The `next_cursor` of the page before.' },
  limit: { type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
};

/** The page that a query asks for, as the ports take it. */
export function pageAsked({ cursor, limit = LIMIT_DEFAULT }: PageQuery): { cursor?: string; limit: number } {
  return cursor === undefined ? { limit } : { cursor, limit };
}

/**
 * A page of rows that are all there: sorted, sliced after the cursor, which is the position of the next row.
 * @throws cursor_invalid
 */
export function sliceOf<T>(rows: readonly T[], { cursor = '0', limit = LIMIT_DEFAULT }: PageQuery): Page<T> {
  if (!/^\d{1,9}$/.test(cursor)) throw new WeftError('cursor_invalid', { cursor });
  const start = Number(cursor);
  const items = rows.slice(start, start + limit);
  return start + limit < rows.length ? { items, next_cursor: String(start + limit) } : { items };
}
