import type { JsonObject } from '../../kernel/json.ts';
import { PROBLEM_TYPE } from './problem.ts';
import type { Reply, Route, Schema } from './route.ts';
import { REPLIES } from './schemas.ts';

/** The API's description (OpenAPI 3.1), from the routes that answer it. */
export function describeApi(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weft',
      version,
      description: 'A durable workflow engine. Errors are problem details (RFC 9457); docs/errors.md has their codes.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: REPLIES,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of the operator config.' } },
      responses: {
        problem: { description: 'What went wrong.', content: { [PROBLEM_TYPE]: { schema: refTo('Problem') } } },
      },
    },
  };
}

function describeRoute({ operation_id, summary, path, access, query, headers, body, replies }: Route): JsonObject {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter(name!, 'path', { type: 'string' }));
  const inQuery = Object.entries(query ?? {}).map(([name, schema]) => parameter(name, 'query', schema));
  const inHeaders = Object.entries(headers ?? {}).map(([name, schema]) => parameter(name, 'header', schema));
  return {
    operationId: operation_id,
    summary,
    tags: [path.split('/')[2] ?? 'service'],
    // `{}`: a local reader needs no token.
    security: access === 'open' ? [] : access === 'read' ? [{ token: [] }, {}] : [{ token: [] }],
    parameters: [...inPath, ...inQuery, ...inHeaders],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, reply]) => [status, describeReply(reply)])),
      ...(access === 'open' ? {} : { default: { $ref: '#/components/responses/problem' } }),
    },
  };
}

function parameter(name: string, place: 'path' | 'query' | 'header', schema: Schema): JsonObject {
  // Lists are separated by commas.
  const list = schema['type'] === 'array' ? { style: 'form', explode: false } : {};
  return { name, in: place, required: place === 'path', schema, ...list };
}

function describeReply({ description, schema, headers, event_stream }: Reply): JsonObject {
  const json = schema === undefined ? {} : { 'application/json': { schema: refTo(schema) } };
  const events = event_stream === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {};
  const content = { ...json, ...events };
  const described = Object.entries(headers ?? {}).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(Object.keys(content).length === 0 ? {} : { content }),
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) as JsonObject }),
  };
}

function refTo(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}
