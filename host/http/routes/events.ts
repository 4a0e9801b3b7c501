import type { IncomingHttpHeaders } from 'node:http';
import { isSettled } from '../../../kernel/task/task_machine.ts';
import type { NumberedEvent } from '../../orchestrator/port.ts';
import type { Page } from '../../store/port.ts';
import { eventStream } from '../event_stream.ts';
import { requestInvalid } from '../problem.ts';
import { type Answer, type Call, type Route, route } from '../route.ts';

interface EventsQuery {
  readonly cursor?: number;
  readonly limit?: number;
}

const LIMIT_DEFAULT = 100;

/** A task's journal: a page of it, or all of it and what comes, as server-sent events. */
export const EVENT_ROUTES: readonly Route[] = [
  route<EventsQuery>({
    method: 'GET',
    path: '/v1/tasks/:task_id/events',
    operation_id: 'listEvents',
    summary: "A task's events, oldest first; live with `Accept: text/event-stream`, until the task settles.",
    access: 'read',
    query: {
      cursor: { type: 'integer', minimum: 0, default: 0, description: 'The sequence number of the last event known.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: LIMIT_DEFAULT },
    },
    headers: { 'last-event-id': { type: 'string', description: 'Continues an event stream; goes before `cursor`.' } },
    replies: {
      200: { description: 'A page of events, or a stream of them.', schema: 'EventPage', event_stream: true },
      204: { description: 'The task is settled and no event is left: do not ask for a stream again.' },
    },
    answer: (call) => (wantsStream(call) ? stream(call) : page(call)),
  }),
];

async function page({ api, params, query }: Call<EventsQuery, undefined>): Promise<Answer> {
  const { cursor = 0, limit = LIMIT_DEFAULT } = query;
  const items = await api.engine.events(params['task_id']!, cursor, limit);
  const body: Page<NumberedEvent> =
    items.length < limit ? { items } : { items, next_cursor: String(items.at(-1)!.seq) };
  return { status: 200, body };
}

async function stream({ api, params, query, headers }: Call<EventsQuery, undefined>): Promise<Answer> {
  const after = lastEventId(headers) ?? query.cursor ?? 0;
  const { task_id, status, seq } = await api.engine.task(params['task_id']!);
  // By the standard, 204 is how a server tells an EventSource to stop reconnecting.
  if (isSettled(status) && after >= seq) return { status: 204 };
  const { heartbeat_ms, closing } = api;
  const body = eventStream({ watch: (signal) => api.engine.watch(task_id, after, signal), heartbeat_ms, closing });
  return { status: 200, body };
}

function wantsStream({ method, headers }: Call<EventsQuery, undefined>): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/event-stream');
}

function lastEventId(headers: IncomingHttpHeaders): number | undefined {
  const id = headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  if (/^\d{1,15}$/.test(String(id))) return Number(id);
  const message = 'is not the id of an event';
  throw requestInvalid([{ pointer: '/headers/last-event-id', message, expected: 'a sequence number', got: id }]);
}
