import type { DeadLetterFilter } from '../../store/port.ts';
import { type Route, route } from '../route.ts';
import { DEAD_LETTER_REASONS, DEAD_LETTER_STATES } from '../schemas.ts';
import { REASON } from './bodies.ts';
import { PAGE_QUERY, type PageQuery, pageAsked } from './pages.ts';

type ListQuery = PageQuery & DeadLetterFilter;

const list = route<ListQuery>({
  method: 'GET',
  path: '/v1/dead-letters',
  operation_id: 'listDeadLetters',
  summary: 'Steps that will not go on by themselves, by when they first did not, newest first.',
  access: 'read',
  query: {
    state: { type: 'array', items: { enum: DEAD_LETTER_STATES }, description: 'Any of these, separated by commas.' },
    reason: { type: 'array', items: { enum: DEAD_LETTER_REASONS }, description: 'Any of these, separated by commas.' },
    task_id: { type: 'string', maxLength: 200 },
    template: { type: 'string', maxLength: 200 },
    namespace: { type: 'string', maxLength: 200 },
    handler: { type: 'string', maxLength: 200, description: "The handler's name." },
    ...PAGE_QUERY,
  },
  replies: { 200: { description: 'A page of dead letters.', schema: 'DeadLetterPage' } },
  async answer({ api, query }) {
    const { cursor: _cursor, limit: _limit, ...filters } = query;
    return { status: 200, body: await api.engine.deadLetters({ ...filters, ...pageAsked(query) }) };
  },
});

const count = route({
  method: 'GET',
  path: '/v1/dead-letters/count',
  operation_id: 'countDeadLetters',
  summary: 'How many dead letters are open, by reason.',
  access: 'read',
  replies: { 200: { description: 'The counts; a reason without any is absent.', schema: 'DeadLetterCounts' } },
  answer: async ({ api }) => ({ status: 200, body: await api.engine.deadLetterCounts() }),
});

const path = '/v1/tasks/:task_id/steps/:step/dead-letter';

const show = route({
  method: 'GET',
  path,
  operation_id: 'getDeadLetter',
  summary: "A step's dead letter: what it was given, how it failed, what people wrote down.",
  access: 'read',
  replies: { 200: { description: 'The dead letter.', schema: 'DeadLetter' } },
  answer: async ({ api, params }) => ({
    status: 200,
    body: await api.engine.deadLetter(params['task_id']!, params['step']!),
  }),
});

const note = route<Record<never, never>, { readonly text: string }>({
  method: 'POST',
  path: `${path}/notes`,
  operation_id: 'noteDeadLetter',
  summary: 'Write down what you found out; also of a settled task.',
  access: 'operate',
  body: {
    type: 'object',
    properties: { text: { type: 'string', minLength: 1, maxLength: 4000, description: 'Kept in the journal.' } },
    required: ['text'],
    additionalProperties: false,
  },
  replies: { 200: { description: 'The dead letter afterwards.', schema: 'DeadLetter' } },
  answer: async ({ api, params, body, caller }) => ({
    status: 200,
    body: await api.engine.noteDeadLetter(params['task_id']!, params['step']!, {
      by: caller.principal,
      text: body.text,
    }),
  }),
});

const resolve = route<Record<never, never>, { readonly reason: string }>({
  method: 'POST',
  path: `${path}/resolve`,
  operation_id: 'resolveDeadLetter',
  summary: 'Close a dead letter and leave its step as it is; also of a settled task.',
  access: 'operate',
  body: { type: 'object', properties: { reason: REASON }, required: ['reason'], additionalProperties: false },
  replies: { 200: { description: 'The dead letter afterwards.', schema: 'DeadLetter' } },
  answer: async ({ api, params, body, caller }) => ({
    status: 200,
    body: await api.engine.closeDeadLetter(params['task_id']!, params['step']!, {
      by: caller.principal,
      reason: body.reason,
    }),
  }),
});

/** Steps that somebody has to look at. Recovering one is a matter of the step: retry it, or resolve it. */
export const DEAD_LETTER_ROUTES: readonly Route[] = [list, count, show, note, resolve];
