import type { JsonObject } from '../../../kernel/json.ts';
import type { OperatorAct } from '../../../kernel/task/events.ts';
import type { Engine, Submission } from '../../orchestrator/port.ts';
import type { TaskFilter } from '../../store/port.ts';
import { type Route, route } from '../route.ts';
import { TASK_STATUSES } from '../schemas.ts';
import { CONTEXT, REASON, TEMPLATE, type TemplateBody, templateSource } from './bodies.ts';
import { PAGE_QUERY, type PageQuery, pageAsked } from './pages.ts';

interface SubmitBody extends TemplateBody {
  readonly context: JsonObject;
  readonly paused?: boolean;
}

const submit = route<Record<never, never>, SubmitBody>({
  method: 'POST',
  path: '/v1/tasks',
  operation_id: 'submitTask',
  summary: 'Submit a task. The same `Idempotency-Key` and body again give the same task.',
  access: 'submit',
  headers: {
    'idempotency-key': { type: 'string', minLength: 1, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' },
    traceparent: { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  body: {
    type: 'object',
    properties: {
      ...TEMPLATE,
      context: CONTEXT,
      paused: { type: 'boolean', description: 'Create the task without dispatching anything.' },
    },
    required: ['template', 'context'],
    additionalProperties: false,
  },
  replies: {
    200: { description: 'The idempotency key had made this task before.', schema: 'Task' },
    201: { description: 'The task is durable.', schema: 'Task', headers: { location: 'Where the task is.' } },
  },
  async answer({ api, body, headers, caller }) {
    const submission: Submission = {
      template: templateSource(body),
      context: body.context,
      principal: caller.principal,
      ...present('idempotency_key', headers['idempotency-key'] as string | undefined),
      ...present('traceparent', headers['traceparent'] as string | undefined),
      ...present('paused', body.paused),
    };
    const { task, created } = await api.engine.submit(submission);
    const location = `/v1/tasks/${encodeURIComponent(task.task_id)}`;
    return { status: created ? 201 : 200, body: task, headers: { location } };
  },
});

type ListQuery = PageQuery & TaskFilter;

const list = route<ListQuery>({
  method: 'GET',
  path: '/v1/tasks',
  operation_id: 'listTasks',
  summary: 'List tasks, newest first.',
  access: 'read',
  query: {
    status: {
      type: 'array',
      items: { enum: TASK_STATUSES },
      description: 'Any of these, separated by commas.',
    },
    template: { type: 'string', maxLength: 200 },
    namespace: { type: 'string', maxLength: 200 },
    ...PAGE_QUERY,
  },
  replies: { 200: { description: 'A page of tasks.', schema: 'TaskPage' } },
  async answer({ api, query }) {
    const { cursor: _cursor, limit: _limit, ...filters } = query;
    return { status: 200, body: await api.engine.tasks({ ...filters, ...pageAsked(query) }) };
  },
});

const show = route({
  method: 'GET',
  path: '/v1/tasks/:task_id',
  operation_id: 'getTask',
  summary: 'A task with its steps.',
  access: 'read',
  replies: { 200: { description: 'The task.', schema: 'Task' } },
  answer: async ({ api, params }) => ({ status: 200, body: await api.engine.task(params['task_id']!) }),
});

/** An operator's act on a whole task: who and why are journaled. */
function act(name: 'cancel' | 'pause' | 'resume' | 'resolve', summary: string): Route {
  const perform = (engine: Engine, id: string, by: OperatorAct) => engine[name](id, by);
  return route<Record<never, never>, { readonly reason: string }>({
    method: 'POST',
    path: `/v1/tasks/:task_id/${name}`,
    operation_id: `${name}Task`,
    summary,
    access: 'operate',
    body: { type: 'object', properties: { reason: REASON }, required: ['reason'], additionalProperties: false },
    replies: { 200: { description: 'The task afterwards.', schema: 'Task' } },
    answer: async ({ api, params, body, caller }) => ({
      status: 200,
      body: await perform(api.engine, params['task_id']!, { by: caller.principal, reason: body.reason }),
    }),
  });
}

function present<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}

/** Everything about tasks as a whole. */
export const TASK_ROUTES: readonly Route[] = [
  submit,
  list,
  show,
  act('cancel', 'Cancel a task: what is in flight can no longer be recorded.'),
  act('pause', 'Pause a task: nothing more is dispatched, deadlines run on.'),
  act('resume', 'Let a paused task go on.'),
  act('resolve', 'Accept a task as it is: results stay, what has not settled is cancelled.'),
];
