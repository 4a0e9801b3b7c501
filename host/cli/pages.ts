import type { Page } from '../store/port.ts';
import type { Io } from './io.ts';
import { note } from './output.ts';
import { usage } from './parse.ts';

/** The options of every list. */
export const LIST_OPTIONS = {
  limit: { value: 'N', doc: 'How many at the most, up to 500; 50 when absent.' },
  cursor: { value: 'CURSOR', doc: 'Where to go on; a list that was cut says it.' },
  all: { doc: 'Everything, however many there are.' },
} as const;

/** What the list options came to. */
export interface ListOptions {
  readonly limit: string | undefined;
  readonly cursor: string | undefined;
  readonly all: boolean;
}

/** The most that the API gives at once. */
const PAGE_MAX = 500;

/** The rows of a list: one page, or all pages. Says on stderr where a list that was cut goes on. */
export async function listRows<Row>(
  fetchPage: (query: { limit?: number; cursor?: string }) => Promise<Page<Row>>,
  { limit, cursor, all }: ListOptions,
  io: Io,
): Promise<readonly Row[]> {
  if (limit !== undefined && !(/^[1-9]\d{0,2}$/.test(limit) && Number(limit) <= PAGE_MAX))
    throw usage(`--limit takes a number from 1 to ${PAGE_MAX}, not "${limit}"; --all gives everything`);
  const rows: Row[] = [];
  let next = cursor;
  do {
    const page = await fetchPage({
      ...(limit === undefined ? (all ? { limit: PAGE_MAX } : {}) : { limit: Number(limit) }),
      ...(next === undefined ? {} : { cursor: next }),
    });
    rows.push(...page.items);
    next = page.next_cursor;
  } while (all && next !== undefined);
  if (next !== undefined) note(io, `there is more: --cursor ${next}, or --all`);
  return rows;
}
