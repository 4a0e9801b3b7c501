import { WeftError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import { type Route, route } from '../route.ts';
import { CONTEXT, TEMPLATE, type TemplateBody, templateSource } from './bodies.ts';

interface CheckBody extends TemplateBody {
  readonly context?: JsonObject;
}

/** Looking at templates without submitting them. */
export const TEMPLATE_ROUTES: readonly Route[] = [
  route<Record<never, never>, CheckBody>({
    method: 'POST',
    path: '/v1/templates/validate',
    operation_id: 'validateTemplate',
    summary: 'Every problem of a template, and of a context when one is given.',
    access: 'read',
    body: {
      type: 'object',
      properties: { ...TEMPLATE, context: CONTEXT },
      required: ['template'],
      additionalProperties: false,
    },
    replies: {
      200: { description: 'What was found; `valid` says whether it can be submitted.', schema: 'Validation' },
    },
    async answer({ api, body }) {
      const { diagnostics } = await api.engine.check(templateSource(body), body.context);
      const valid = diagnostics.every(({ severity }) => severity !== 'error');
      return { status: 200, body: { valid, diagnostics } };
    },
  }),
  route<Record<never, never>, TemplateBody>({
    method: 'POST',
    path: '/v1/templates/graph',
    operation_id: 'graphTemplate',
    summary: 'The steps of a template and what leads from one to another.',
    access: 'read',
    body: { type: 'object', properties: TEMPLATE, required: ['template'], additionalProperties: false },
    replies: { 200: { description: 'The graph.', schema: 'Graph' } },
    async answer({ api, body }) {
      const { graph, diagnostics } = await api.engine.check(templateSource(body));
      if (graph !== undefined) return { status: 200, body: graph };
      const count = diagnostics.filter(({ severity }) => severity === 'error').length;
      throw new WeftError('template_invalid', { count }, { diagnostics });
    },
  }),
];
