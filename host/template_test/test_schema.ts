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
    closed(
      'A fan-out gives items, one for each worker.',
      {
        items: { type: 'array', maxItems: 10_000 },
        max_concurrency: { type: 'integer', minimum: 0, description: 'No limit when 0 or absent.' },
        tolerance: closed('How many workers may fail; none when absent.', {
          count: { type: ['integer', 'null'], minimum: 0 },
          percentage: { type: ['number', 'null'], minimum: 0, maximum: 100 },
        }),
        result: { description: 'What the handler `fan_out` gives when absent.' },
      },
      ['items'],
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

const INDEX: JsonObject = { type: 'integer', minimum: 0 };

/** Which workers are meant. */
const WORKER_NAME: JsonObject = {
  index: { oneOf: [INDEX, { type: 'array', minItems: 1, items: INDEX }], description: 'One worker, or several.' },
  item: { description: 'Workers whose item is this; of objects only the keys that are named.' },
};

const SCRIPT: JsonObject = {
  outcomes: { type: 'array', minItems: 1, items: OUTCOME, description: 'One for each attempt.' },
  signals: { type: 'array', minItems: 1, items: SIGNAL, description: 'Sent in order while it waits.' },
};

const WORKER_SCRIPT: JsonObject = {
  ...closed('What happens at some workers; what is not said is as for all of them.', { ...WORKER_NAME, ...SCRIPT }),
  anyOf: [{ required: ['index'] }, { required: ['item'] }],
};

const EXPECTED_WORKER: JsonObject = {
  ...closed('What some workers must have come to; of objects only the keys that are named.', {
    ...WORKER_NAME,
    status: { enum: ['pending', 'waiting_for_input', 'complete', 'error', 'cancelled'] },
    attempt: { type: 'integer', minimum: 1, description: 'The attempt that settled it.' },
    result: {},
    failure: { type: 'object' },
    config: { description: 'What the handler was given, references filled in.' },
    inputs: { description: 'What the handler was given, references filled in.' },
  }),
  anyOf: [{ required: ['index'] }, { required: ['item'] }],
};

const COUNT: JsonObject = { type: 'integer', minimum: 0 };

const COUNTS = closed('Of a batch: how many workers there are.', {
  total: { ...COUNT, description: 'Of all.' },
  pending: { ...COUNT, description: 'Not started.' },
  waiting_for_input: COUNT,
  complete: COUNT,
  error: COUNT,
  cancelled: COUNT,
});

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
  results: { type: 'array', description: 'Of a batch: {index, status, result | error} of each worker, in order.' },
  counts: COUNTS,
  workers: { type: 'array', minItems: 1, items: EXPECTED_WORKER, description: 'Of a batch.' },
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
        additionalProperties: closed('What happens at a step, or at each worker of a batch.', {
          ...SCRIPT,
          workers: {
            type: 'array',
            minItems: 1,
            items: WORKER_SCRIPT,
            description: 'Of the worker of a batch: the first entry that names a worker counts.',
          },
        }),
      },
      expect: closed('How the task must end.', {
        status: {
          enum: ['complete', 'error', 'waiting', 'blocked_by_failures', 'cancelled'],
          default: 'complete',
          description: '`waiting`: it stays at a gate.',
        },
        steps: { type: 'object', additionalProperties: EXPECTED_STEP },
        ran: { ...TEXTS, description: 'Exactly the steps that were started, in any order.' },
      }),
    },
    ['expect'],
  ),
};
