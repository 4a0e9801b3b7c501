import { type Route, route } from '../route.ts';
import { PAGE_QUERY, type PageQuery, pageAsked } from './pages.ts';

interface GatesQuery extends PageQuery {
  readonly task_id?: string;
}

/** Who waits for people. */
export const GATE_ROUTES: readonly Route[] = [
  route<GatesQuery>({
    method: 'GET',
    path: '/v1/gates',
    operation_id: 'listGates',
    summary: 'Steps that wait for input, longest waiting first.',
    access: 'read',
    query: { task_id: { type: 'string', maxLength: 200 }, ...PAGE_QUERY },
    replies: { 200: { description: 'A page of waiting steps.', schema: 'GatePage' } },
    async answer({ api, query }) {
      const { task_id } = query;
      const filter = task_id === undefined ? {} : { task_id };
      return { status: 200, body: await api.engine.waiting({ ...filter, ...pageAsked(query) }) };
    },
  }),
];
