import type { Response } from '../guest/http.ts';
import { fail, type Json } from '../guest/index.ts';
import { isTruthy } from '../guest/jsonata.ts';
import { type Selector, selector } from './expressions.ts';
import { linkTarget } from './links.ts';
import type { PageTarget } from './request.ts';
import type { Answer, HttpConfig, PaginationConfig } from './types.ts';
import { originOf, resolveUrl } from './urls.ts';

/** A page that was fetched. */
export interface Page {
  readonly answer: Answer;
  readonly response: Response;
  readonly items: readonly Json[];
}

/** How the pages of a list hang together. */
export interface Pages {
  readonly first: PageTarget;
  readonly max_pages: number;
  readonly on_cap: 'fail' | 'stop';
  itemsOf(answer: Answer): readonly Json[];
  /**
   * Where the page after this one is; undefined when it was the last.
   * @param number of this page, from 1
   * @throws HandlerFailure `pagination_invalid`, `extract_failed`
   */
  after(page: Page, number: number): PageTarget | undefined;
}

/** Reads a pagination config; its expressions are compiled once. */
export function pagesOf({ url, pagination }: HttpConfig & { readonly pagination: PaginationConfig }): Pages {
  const { link, cursor, page } = pagination;
  const origin = originOf(url);
  if (link !== undefined) {
    return {
      ...common(link, '/pagination/link'),
      first: {},
      after: ({ answer, response }) => {
        const target = linkTarget([answer.headers['link'] ?? ''], link.rel);
        return target === undefined ? undefined : { url: sameOrigin(target, response.url, origin) };
      },
    };
  }
  if (cursor !== undefined) {
    const next = selector(cursor.next, '/pagination/cursor/next');
    return {
      ...common(cursor, '/pagination/cursor'),
      first: {},
      after: ({ answer, response }) => {
        const value = cursorOf(next(answer));
        if (value === undefined) return undefined;
        if (cursor.in === 'url') return { url: sameOrigin(String(value), response.url, origin) };
        return placed(cursor, value);
      },
    };
  }
  const numbered = page!;
  const more = numbered.more === undefined ? undefined : selector(numbered.more, '/pagination/page/more');
  return {
    ...common(numbered, '/pagination/page'),
    first: placed(numbered, numbered.start),
    after: ({ answer, items }, number) => {
      const goesOn = more === undefined ? items.length >= (numbered.page_size ?? 1) : isTruthy(more(answer));
      return goesOn ? placed(numbered, numbered.start + number * numbered.step) : undefined;
    },
  };
}

function common(
  config: { readonly items: string; readonly max_pages: number; readonly on_cap: 'fail' | 'stop' },
  pointer: string,
): Pick<Pages, 'itemsOf' | 'max_pages' | 'on_cap'> {
  const select: Selector = selector(config.items, `${pointer}/items`);
  return {
    max_pages: config.max_pages,
    on_cap: config.on_cap,
    // JSONata gives a list of one as the one, and an empty one as nothing.
    itemsOf: (answer) => {
      const value = select(answer) ?? [];
      return Array.isArray(value) ? value : [value];
    },
  };
}

function placed(
  { in: place, name }: { readonly in: string; readonly name: string },
  value: string | number,
): PageTarget {
  return place === 'body' ? { body_field: { name, value } } : { query: { [name]: value } };
}

function cursorOf(value: Json | undefined): string | number | undefined {
  if (value === undefined || value === null || value === false || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return fail('pagination_invalid', 'the cursor is neither a text nor a number', { details: { cursor: value } });
}

/** Headers and credentials were meant for one origin: a server must not be able to send them to another. */
function sameOrigin(reference: string, base: string, origin: string | undefined): string {
  const url = resolveUrl(reference, base);
  if (origin !== undefined && originOf(url) === origin) return url;
  return fail('pagination_invalid', 'the next page is not on the origin of the first', { details: { url } });
}
