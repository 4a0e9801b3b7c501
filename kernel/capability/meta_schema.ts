import type { JsonObject } from '../json.ts';

const IDENTIFIER = '^[a-z][a-z0-9_]{0,63}$';

/** JSON Schema 2020-12 of a capability: what a handler's `describe()` may return. Absent fields have defaults. */
export const CAPABILITY_META_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Weft capability',
  description: 'What a handler does, never how: the names are those of an MCP tool where MCP has one.',
  type: 'object',
  required: ['name', 'version', 'title', 'description', 'category', 'configSchema', 'inputSchema', 'outputSchema'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: IDENTIFIER, description: 'What templates call the handler.' },
    version: {
      type: 'string',
      maxLength: 64,
      pattern: '^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$',
      description: 'Semantic version of the handler; what templates give ranges of.',
    },
    title: { type: 'string', minLength: 1, maxLength: 80, description: 'The name people see.' },
    description: {
      type: 'string',
      minLength: 1,
      maxLength: 4000,
      description: 'What it does. The first line is all that a planner sees at first.',
    },
    category: { type: 'string', pattern: IDENTIFIER, description: 'A word that catalogs are filtered by.' },
    configSchema: {
      $ref: '#/$defs/objectSchema',
      description:
        'Schema of a step\'s `config`. `"x-weft-literal": true` marks text that is never interpolated, ' +
        '`"x-weft-secret": true` a place where a secret may be referred to, `"x-weft-step-name": true` the name of a ' +
        'step that a decision may choose.',
    },
    inputSchema: { $ref: '#/$defs/objectSchema', description: "Schema of a step's `inputs`." },
    outputSchema: { type: 'object', description: "Schema of a step's result." },
    annotations: {
      type: 'object',
      description: 'Hints about effects, with the names and pessimistic defaults of MCP.',
      additionalProperties: false,
      properties: {
        readOnlyHint: { type: 'boolean', default: false, description: 'It changes nothing outside.' },
        destructiveHint: { type: 'boolean', default: true, description: 'It may delete or overwrite.' },
        idempotentHint: { type: 'boolean', default: false, description: 'Doing it twice is doing it once.' },
        openWorldHint: { type: 'boolean', default: true, description: 'It talks to systems outside.' },
      },
    },
    errors: {
      type: 'array',
      description: 'Every error code the handler may return.',
      default: [],
      items: {
        type: 'object',
        required: ['code', 'retryable', 'description'],
        additionalProperties: false,
        properties: {
          code: { type: 'string', pattern: IDENTIFIER },
          retryable: { type: 'boolean', description: 'Whether another attempt may succeed.' },
          description: { type: 'string', minLength: 1, description: 'When it happens and what to do.' },
        },
      },
    },
    imports: {
      type: 'array',
      description: 'Host interfaces the component imports, versions included.',
      default: [],
      uniqueItems: true,
      items: { type: 'string', pattern: '^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*/[a-z][a-z0-9-]*@[0-9]+\\.[0-9]+\\.[0-9]+$' },
    },
    resources: {
      type: 'object',
      description: 'What a run typically costs; planners and operators read it, nothing is enforced by it.',
      additionalProperties: false,
      properties: {
        network: {
          type: 'boolean',
          description: 'Whether it connects to anything; default: whether it imports anything that does.',
        },
        typicalLatencyMs: { type: 'number', minimum: 0, default: 100 },
        memoryMb: { type: 'number', exclusiveMinimum: 0, default: 64 },
        costPerCallUsd: { type: 'number', minimum: 0, default: 0 },
      },
    },
    composition: {
      type: 'object',
      description: 'How it is used with others.',
      additionalProperties: false,
      properties: {
        usedWith: {
          type: 'array',
          default: [],
          uniqueItems: true,
          items: { type: 'string', pattern: IDENTIFIER },
          description: 'Names of handlers that often stand beside it.',
        },
        examples: {
          type: 'array',
          default: [],
          description: 'Documentation, tests and few-shot prompts at once.',
          items: {
            type: 'object',
            required: ['title', 'config', 'inputs'],
            additionalProperties: false,
            properties: {
              title: { type: 'string', minLength: 1 },
              config: { type: 'object' },
              inputs: { type: 'object' },
              result: { type: 'object', description: 'Absent when it depends on the network or on people.' },
            },
          },
        },
      },
    },
  },
  $defs: {
    objectSchema: {
      type: 'object',
      description: 'A JSON Schema 2020-12 of objects.',
      required: ['type'],
      properties: { type: { const: 'object' } },
    },
  },
};
