import { FRAGMENT_SCHEMA, type Json, type JsonObject, type ModelTool } from '../../../kernel/index.ts';
import { lowering } from './lowering.ts';

export const SUBMIT = 'submit_fragment';
export const DESCRIBE = 'describe_handler';

/** Between fragments and what a model writes of them. */
export const FRAGMENT_FORM = lowering(FRAGMENT_SCHEMA as unknown as JsonObject);

/** What a model can do. Sorted, and always the same: tools come first in what providers cache. */
export const TOOLS: readonly ModelTool[] = [
  {
    name: DESCRIBE,
    description: 'Shows everything of some handlers: schemas of config, inputs and result, errors, examples.',
    strict: true,
    input_schema: {
      type: 'object',
      required: ['names'],
      additionalProperties: false,
      properties: { names: { type: 'array', items: { type: 'string' }, description: 'Names from the catalog.' } },
    },
  },
  {
    name: SUBMIT,
    description: 'Submits the whole plan. Call it exactly once.',
    strict: true,
    input_schema: FRAGMENT_FORM.schema,
  },
];

/** A question for handlers, as it is recorded in place of a fragment. */
export function questionText(names: readonly string[]): string {
  return JSON.stringify({ [DESCRIBE]: names });
}

/** The handlers that a recorded answer asks for; undefined when it asks for none. */
export function questionIn(answer: Json | undefined): readonly string[] | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const keys = Object.keys(answer);
  const names = (answer as JsonObject)[DESCRIBE];
  const asks = keys.length === 1 && Array.isArray(names) && names.every((name) => typeof name === 'string');
  return asks ? (names as readonly string[]) : undefined;
}
