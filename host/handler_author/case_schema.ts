import type { JsonObject } from '../../kernel/json.ts';

const OBJECT = { type: 'object' } as const;

/** JSON Schema 2020-12 of `cases/<name>/input.json`. */
export const INPUT_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['config'],
  additionalProperties: false,
  properties: {
    config: OBJECT,
    inputs: OBJECT,
    resume: {
      type: 'object',
      required: ['state', 'signals'],
      additionalProperties: false,
      properties: { state: {}, signals: { type: 'array' }, fired: { type: 'string' } },
    },
    attempt: { type: 'integer', minimum: 1 },
    http: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          request: {
            type: 'object',
            additionalProperties: false,
            properties: {
              method: { type: 'string' },
              url: { type: 'string' },
              headers: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
              body: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/body' }] },
              auth: {},
              timeoutMs: { type: 'integer' },
              maxRedirects: { type: 'integer' },
              maxBytes: { type: 'integer' },
            },
          },
          response: {
            type: 'object',
            additionalProperties: false,
            properties: {
              status: { type: 'integer' },
              headers: {
                type: 'object',
                additionalProperties: {
                  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
                },
              },
              body: { $ref: '#/$defs/body' },
              url: { type: 'string' },
              latencyMs: { type: 'integer' },
            },
          },
          error: { $ref: '#/$defs/error' },
        },
      },
    },
    mail: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          message: { type: 'object', additionalProperties: { type: ['string', 'number', 'null'] } },
          receipt: {
            type: 'object',
            required: ['messageId', 'response', 'latencyMs'],
            additionalProperties: false,
            properties: {
              messageId: { type: 'string' },
              response: { type: 'string' },
              latencyMs: { type: 'integer' },
            },
          },
          error: { $ref: '#/$defs/error' },
        },
      },
    },
    now_ms: { type: 'integer', minimum: 0 },
  },
  $defs: {
    body: {
      oneOf: [
        { type: 'object', required: ['text'], additionalProperties: false, properties: { text: { type: 'string' } } },
        { type: 'object', required: ['json'], additionalProperties: false, properties: { json: {} } },
        {
          type: 'object',
          required: ['base64'],
          additionalProperties: false,
          properties: { base64: { type: 'string' } },
        },
      ],
    },
    error: {
      type: 'object',
      required: ['tag', 'val'],
      additionalProperties: false,
      properties: { tag: { type: 'string' }, val: {} },
    },
  },
};

/** JSON Schema 2020-12 of `cases/<name>/expected.json`. */
export const EXPECTED_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    outcome: {
      type: 'object',
      required: ['kind'],
      properties: { kind: { enum: ['complete', 'branch', 'batches', 'suspend'] } },
    },
    failure: {
      type: 'object',
      required: ['code'],
      additionalProperties: false,
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        retryable: { type: 'boolean' },
        retry_after_ms: { type: 'integer' },
        details: {},
      },
    },
  },
};
