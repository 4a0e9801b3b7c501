import { type Route, route } from '../route.ts';
import { REASON } from './bodies.ts';

const RUN_MAX = 500;

/** How settled tasks leave. */
export const RETENTION_ROUTES: readonly Route[] = [
  route<Record<never, never>, { readonly reason: string; readonly archive?: boolean }>({
    method: 'POST',
    path: '/v1/tasks/:task_id/remove',
    operation_id: 'removeTask',
    summary: 'Remove a settled task with all that is kept of it.',
    access: 'administer',
    body: {
      type: 'object',
      properties: {
        reason: { ...REASON, description: 'Kept, since the journal goes.' },
        archive: { type: 'boolean', description: 'Write it to an archive first.' },
      },
      required: ['reason'],
      additionalProperties: false,
    },
    replies: { 200: { description: 'The task that was removed.', schema: 'RetiredTask' } },
    answer: async ({ api, params, body: { reason, archive = false }, caller }) => ({
      status: 200,
      body: await api.engine.removeTask(params['task_id']!, { archive }, { by: caller.principal, reason }),
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/retention',
    operation_id: 'getRetention',
    summary: 'The rules for settled tasks, what is due by them, and what people did.',
    access: 'read',
    replies: { 200: { description: 'The rules and how things are.', schema: 'Retention' } },
    answer: async ({ api }) => ({ status: 200, body: await api.engine.retention() }),
  }),
  route<Record<never, never>, { readonly reason: string; readonly dry_run?: boolean; readonly limit?: number }>({
    method: 'POST',
    path: '/v1/retention/run',
    operation_id: 'runRetention',
    summary: 'Apply the rules to tasks that are due, now.',
    access: 'administer',
    body: {
      type: 'object',
      properties: {
        reason: { ...REASON, description: 'Kept with the act.' },
        dry_run: { type: 'boolean', description: 'Only say which tasks would go.' },
        limit: { type: 'integer', minimum: 1, maximum: RUN_MAX, default: RUN_MAX },
      },
      required: ['reason'],
      additionalProperties: false,
    },
    replies: { 200: { description: 'What was done, task by task.', schema: 'RetentionReport' } },
    answer: async ({ api, body: { reason, dry_run = false, limit = RUN_MAX }, caller }) => ({
      status: 200,
      body: await api.engine.runRetention({ dry_run, limit }, { by: caller.principal, reason }),
    }),
  }),
];
