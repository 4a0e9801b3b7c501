import type { Json, JsonObject } from '../../../kernel/json.ts';
import type { TemplateSource } from '../../orchestrator/port.ts';
import type { Schema } from '../route.ts';

/** A template in a request. */
export interface TemplateBody {
  readonly template: string | JsonObject;
  readonly file?: string;
}

/** Schemas of the fields that carry a template. */
export const TEMPLATE: Readonly<Record<keyof TemplateBody, Schema>> = {
  template: {
    type: ['string', 'object'],
    description: 'The text of a template (YAML or JSON), whose diagnostics carry positions, or the document itself.',
  },
  file: { type: 'string', maxLength: 1000, description: 'What diagnostics call the text.' },
};

/** A task's context. */
export const CONTEXT: Schema = { type: 'object', description: "Must meet the template's `input_schema`." };

/** Why somebody does something. */
export const REASON: Schema = { type: 'string', minLength: 1, maxLength: 1000, description: 'Kept in the journal.' };

/** The template of a request as the engine takes it. */
export function templateSource({ template, file }: TemplateBody): TemplateSource {
  if (typeof template !== 'string') return { kind: 'document', document: template as Json };
  return file === undefined ? { kind: 'text', text: template } : { kind: 'text', text: template, file };
}
