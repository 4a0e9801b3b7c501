import type { JsonObject } from '../../kernel/json.ts';

const closed = (description: string, properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  description,
  additionalProperties: false,
  properties,
  required: [...required],
});

const TEXTS: JsonObject = { type: 'array', items: { type: 'string' } };

const FAILURE = closed(
  'The attempt fails.',
  {
    code: { type: 'string', minLength: 1, description: 'As the handler documents it.' },
    message: { type: 'string' },
    retryable: { type: 'boolean', description: 'What the handler says of the code when absent.' },
    retry_after_ms: { type: 'integer', minimum: 0 },
    details: {},
  },
  ['code'],
);

const OUTCOME: JsonObject = {
  oneOf: [
    closed(
      'The attempt completes; a decision with the steps it chooses.',
      { result: { description: 'Must meet the output schema of the handler.' }, branch: TEXTS },
      ['result'],
    ),
    closed('The attempt fails.', { failure: FAILURE }, ['failure']),
  ],
};

const SIGNAL = closed(
  'A decision of somebody at a gate.',
  {
    by: { type: 'string', minLength: 1, description: 'The principal.' },
    roles: TEXTS,
    data: { description: 'As `weft gate approve` sends it: {decision: approve}.' },
    after_ms: { type: 'integer', minimum: 0, description: 'How long after the step began to wait.' },
  },
  ['by', 'data'],
);

const EXPECTED_STEP = closed('What a step must have come to; of objects only the keys that are named.', {
  status: {
    enum: ['absent', 'pending', 'waiting_for_input', 'complete', 'error', 'cancelled'],
    description: '`absent`: the path to it was not taken.',
  },
  attempt: { type: 'integer', minimum: 1, description: 'The attempt that settled it.' },
  result: {},
  branch: TEXTS,
  failure: { type: 'object' },
  config: { description: 'What the handler was given, references filled in.' },
  inputs: { description: 'What the handler was given, references filled in.' },
});

/** JSON Schema 2020-12 of a template test. */
export const TEST_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Weft template test',
  ...closed(
    'A template, run with canned outcomes in a time that passes at once.',
    {
      description: { type: 'string', description: 'What the test shows.' },
      context: { type: 'object', description: '`{}` when absent.' },
      steps: {
        type: 'object',
        additionalProperties: closed('What happens at a step.', {
          outcomes: { type: 'array', minItems: 1, items: OUTCOME, description: 'One for each attempt.' },
          signals: { type: 'array', minItems: 1, items: SIGNAL, description: 'Sent in order while it waits.' },
        }),
      },
      expect: closed('How the task must end.', {
        status: {
          enum: ['complete', 'error', 'waiting', 'blocked_by_failures', 'cancelled'],
          default: 'complete',
          description: '`waiting`: it stays at a gate.',
        },
        steps: { type: 'object', additionalProperties: EXPECTED_STEP },
      }),
    },
    ['expect'],
  ),
};
