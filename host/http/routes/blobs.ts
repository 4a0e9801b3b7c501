import { type Route, route } from '../route.ts';

/** Large values, which events refer to. */
export const BLOB_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/blobs/:digest',
    operation_id: 'getBlob',
    summary: 'A large value, by the digest in the `$blob` that stands for it in an event.',
    access: 'read',
    replies: { 200: { description: 'The value, as it was recorded.', schema: 'Value' } },
    answer: async ({ api, params }) => ({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: Buffer.from(await api.engine.blob(params['digest']!)),
    }),
  }),
];
