import type { CatalogEntry } from '../../../kernel/capability/types.ts';
import { WeftError } from '../../../kernel/errors.ts';
import type { HandlerFile } from '../../catalog/handler_files.ts';
import { type Route, route } from '../route.ts';
import { PAGE_QUERY, type PageQuery, sliceOf } from './pages.ts';

/** A handler in a list. */
export interface HandlerSummary {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
}

interface ListQuery extends PageQuery {
  readonly category?: string;
}

/** A catalog entry in a list. */
export function handlerSummary({ name, version, digest, capability }: CatalogEntry): HandlerSummary {
  const { title, description, category } = capability;
  return { name, version, digest, title, description, category };
}

/**
 * The newest entry with a name, or the one with a version; entries come newest first.
 * @throws handler_not_found
 */
export function findHandler(entries: readonly CatalogEntry[], name: string, version?: string): CatalogEntry {
  const found = entries.find((entry) => entry.name === name && (version ?? entry.version) === entry.version);
  if (found !== undefined) return found;
  throw new WeftError('handler_not_found', { name: version === undefined ? name : `${name}@${version}` });
}

interface FilesQuery extends PageQuery {
  readonly status?: HandlerFile['status'];
}

/** The catalog. */
export const HANDLER_ROUTES: readonly Route[] = [
  route<ListQuery>({
    method: 'GET',
    path: '/v1/handlers',
    operation_id: 'listHandlers',
    summary: 'The registered handlers, by name, newest version first.',
    access: 'read',
    query: { category: { type: 'string', maxLength: 100 }, ...PAGE_QUERY },
    replies: { 200: { description: 'A page of handlers.', schema: 'HandlerPage' } },
    async answer({ api, query }) {
      const summaries = api.engine.handlers().map(handlerSummary);
      const asked = summaries.filter(({ category }) => (query.category ?? category) === category);
      return { status: 200, body: sliceOf(asked, query) };
    },
  }),
  route<FilesQuery>({
    method: 'GET',
    path: '/v1/handler-files',
    operation_id: 'listHandlerFiles',
    summary: 'The files of the handler directories, by name: which joined the catalog, which were refused and why.',
    access: 'read',
    query: { status: { enum: ['loaded', 'refused'] }, ...PAGE_QUERY },
    replies: { 200: { description: 'A page of files.', schema: 'HandlerFilePage' } },
    async answer({ api, query }) {
      const asked = api.engine.handlerFiles().filter(({ status }) => (query.status ?? status) === status);
      return { status: 200, body: sliceOf(asked, query) };
    },
  }),
  route<{ readonly version?: string }>({
    method: 'GET',
    path: '/v1/handlers/:name',
    operation_id: 'getHandler',
    summary: "A handler's whole capability; the newest version unless one is named.",
    access: 'read',
    query: { version: { type: 'string', maxLength: 100 } },
    replies: { 200: { description: 'The handler.', schema: 'Handler' } },
    answer: async ({ api, params, query }) => ({
      status: 200,
      body: findHandler(api.engine.handlers(), params['name']!, query.version),
    }),
  }),
];
