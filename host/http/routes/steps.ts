import { randomUUIDv7 } from 'node:crypto';
import type { Json, JsonObject } from '../../../kernel/json.ts';
import type { Resolution } from '../../orchestrator/port.ts';
import { authorize, isGranted } from '../door.ts';
import { type Route, route } from '../route.ts';
import { REASON } from './bodies.ts';

const path = '/v1/tasks/:task_id/steps/:step';

const show = route({
  method: 'GET',
  path,
  operation_id: 'getStep',
  summary: 'A step, by its id or its name.',
  access: 'read',
  replies: { 200: { description: 'The step.', schema: 'Step' } },
  answer: async ({ api, params }) => ({
    status: 200,
    body: await api.engine.step(params['task_id']!, params['step']!),
  }),
});

const retry = route<Record<never, never>, { readonly reason: string }>({
  method: 'POST',
  path: `${path}/retry`,
  operation_id: 'retryStep',
  summary: 'Give a failed step a fresh set of attempts, or end its wait for a retry now.',
  access: 'operate',
  body: { type: 'object', properties: { reason: REASON }, required: ['reason'], additionalProperties: false },
  replies: { 200: { description: 'The step afterwards.', schema: 'Step' } },
  answer: async ({ api, params, body, caller }) => ({
    status: 200,
    body: await api.engine.retryStep(params['task_id']!, params['step']!, {
      by: caller.principal,
      reason: body.reason,
    }),
  }),
});

type ResolveBody = Resolution & { readonly reason: string };

const resolve = route<Record<never, never>, ResolveBody>({
  method: 'POST',
  path: `${path}/resolve`,
  operation_id: 'resolveStep',
  summary: "Give a step its result by hand; it is checked like the handler's own.",
  access: 'operate',
  body: {
    type: 'object',
    properties: {
      result: { description: "The step's result." },
      branch: {
        type: 'array',
        items: { type: 'string' },
        description: 'Of a decision: the names of the steps it chooses.',
      },
      items: { type: 'array', description: 'Of a fan-out: one item for each worker.' },
      reason: REASON,
    },
    required: ['result', 'reason'],
    additionalProperties: false,
  },
  replies: { 200: { description: 'The step afterwards.', schema: 'Step' } },
  async answer({ api, params, body: { reason, ...resolution }, caller }) {
    const act = { by: caller.principal, reason };
    return { status: 200, body: await api.engine.resolveStep(params['task_id']!, params['step']!, resolution, act) };
  },
});

interface SignalBody {
  readonly signal_id?: string;
  readonly data: Json;
  readonly reason?: string;
}

const signal = route<Record<never, never>, SignalBody>({
  method: 'POST',
  path: `${path}/signals`,
  operation_id: 'signalStep',
  summary: 'Answer a step that waits, as one of those it asks; an operator answers what asks nobody in particular.',
  access: 'signal',
  body: {
    type: 'object',
    properties: {
      signal_id: { type: 'string', minLength: 1, maxLength: 200, description: 'The same id twice is one signal.' },
      data: { description: "Must meet the waiting step's `signals` schema." },
      reason: REASON,
    },
    required: ['data'],
    additionalProperties: false,
  },
  replies: { 200: { description: 'The step afterwards.', schema: 'Step' } },
  async answer({ api, params, body: { signal_id = randomUUIDv7(), ...signal }, caller }) {
    const [taskId, step] = [params['task_id']!, params['step']!];
    if (!isGranted(caller, 'operate')) {
      const { waiting_for } = await api.engine.step(taskId, step);
      // Whoever is not asked by name or role is refused by the step; one that asks nobody in particular asks operators.
      if (waiting_for !== null && !asksSomebody(waiting_for.request)) authorize(caller, 'operate');
    }
    return { status: 200, body: await api.engine.signal(taskId, step, { signal_id, ...signal }, caller) };
  },
});

function asksSomebody({ audience }: JsonObject): boolean {
  return Array.isArray(audience) && audience.length > 0;
}

/** Everything about single steps. */
export const STEP_ROUTES: readonly Route[] = [show, retry, resolve, signal];
