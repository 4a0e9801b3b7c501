import { type Route, route } from '../route.ts';

/** The service itself. */
export const SERVICE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/openapi.json',
    operation_id: 'describeApi',
    summary: 'This description (OpenAPI 3.1).',
    access: 'read',
    replies: { 200: { description: 'The description.' } },
    answer: async ({ api }) => ({ status: 200, body: api.description }),
  }),
  route({
    method: 'GET',
    path: '/livez',
    operation_id: 'live',
    summary: 'Whether the process answers at all.',
    access: 'open',
    replies: { 200: { description: 'It does.', schema: 'Life' } },
    answer: async ({ api }) => ({ status: 200, body: { live: true, version: api.version } }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    operation_id: 'ready',
    summary: 'Whether the process can take work.',
    access: 'open',
    replies: {
      200: { description: 'It can.', schema: 'Health' },
      503: { description: 'It cannot; `checks` says why.', schema: 'Health' },
    },
    async answer({ api }) {
      const { ready, checks } = await api.engine.health();
      return { status: ready ? 200 : 503, body: { ready, version: api.version, checks } };
    },
  }),
];
