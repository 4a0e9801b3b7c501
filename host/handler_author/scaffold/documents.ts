import type { JsonObject } from '../../../kernel/json.ts';
import { merged, type ScaffoldPart } from './parts.ts';

const GREETING = { text: 'Hello, Ada!' };

/** `capability.json` of a scaffold. */
export function capabilityDocument(name: string, parts: readonly ScaffoldPart[]): JsonObject {
  const config = merged(parts, (part) => part.configProperties);
  const output = merged(parts, (part) => part.outputProperties);
  const reachesOut = parts.some(({ interfaceName }) => /^weft:(http|mail)\//.test(interfaceName));
  const hasCases = Object.keys(merged(parts, (part) => part.caseResult)).length > 0;
  return {
    name,
    version: '0.1.0',
    title: titleOf(name),
    description: 'Greets somebody.',
    category: 'data',
    configSchema: {
      type: 'object',
      description: 'How to greet.',
      ...(Object.keys(config).length === 0 ? {} : { required: Object.keys(config) }),
      additionalProperties: false,
      properties: {
        greeting: { type: 'string', description: 'The first words.', minLength: 1, default: 'Hello' },
        ...config,
      },
    },
    inputSchema: {
      type: 'object',
      description: 'Whom to greet.',
      required: ['name'],
      properties: { name: { type: 'string', description: 'Who is greeted.' } },
    },
    outputSchema: {
      type: 'object',
      description: 'The greeting.',
      required: ['text', ...Object.keys(output)],
      additionalProperties: false,
      properties: { text: { type: 'string', description: 'What is said.' }, ...output },
    },
    annotations: {
      readOnlyHint: !reachesOut,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: reachesOut,
    },
    errors: [
      { code: 'name_empty', retryable: false, description: '`name` is empty. Select somebody, or skip the step.' },
      ...parts.flatMap((part) => part.errors.map((error) => ({ ...error }))),
    ],
    imports: parts.map(({ interfaceName }) => interfaceName).sort(),
    composition: {
      examples: [
        {
          title: 'A greeting',
          config: merged(parts, (part) => part.caseConfig),
          inputs: { name: 'Ada' },
          // What depends on the world has no result of its own.
          ...(hasCases ? {} : { result: GREETING }),
        },
      ],
    },
  };
}

/** The cases of a scaffold: by name, `[input.json, expected.json]`. */
export function caseDocuments(
  parts: readonly ScaffoldPart[],
): Readonly<Record<string, readonly [JsonObject, JsonObject]>> {
  const config = merged(parts, (part) => part.caseConfig);
  const world = merged(parts, (part) => part.caseWorld);
  const result = { ...GREETING, ...merged(parts, (part) => part.caseResult) };
  const refusals = parts.flatMap((part) => {
    if (part.refusal === undefined) return [];
    // What runs before it still succeeds; what would run after it is never asked.
    const before = merged(parts.slice(0, parts.indexOf(part)), (each) => each.caseWorld);
    const { name, world: refused, failure } = part.refusal;
    return [[name, [{ config, inputs: { name: 'Ada' }, ...before, ...refused }, { failure }]] as const];
  });
  return {
    greets: [{ config, inputs: { name: 'Ada' }, ...world }, { outcome: { kind: 'complete', result } }],
    greets_nobody: [{ config, inputs: { name: ' ' } }, { failure: { code: 'name_empty' } }],
    ...Object.fromEntries(refusals),
  };
}

/** `README.md` of a scaffold. */
export function readmeFile(name: string, parts: readonly ScaffoldPart[]): string {
  const config = merged(parts, (part) => part.caseConfig);
  const keys = Object.keys(merged(parts, (part) => part.configProperties));
  const errors = parts.flatMap((part) => part.errors);
  return [
    `# ${name}`,
    '',
    'Greets somebody.',
    ...parts.map(({ readme }) => readme),
    '',
    '```yaml',
    '- name: greet',
    '  handler:',
    `    catalog: ${name}`,
    '    config:',
    '      greeting: Good morning',
    ...Object.entries(config).map(([key, value]) => `      ${key}: ${String(value)}`),
    '  inputs:',
    '    name: Ada',
    '```',
    '',
    `The config has \`greeting\`, \`Hello\` unless it is said${keys.map((key) => `, and \`${key}\``).join('')}. The`,
    'result has `text`, the greeting.',
    '',
    '## Errors',
    '',
    '| code | tried again | when |',
    '| --- | --- | --- |',
    '| `name_empty` | no | `name` is empty. |',
    ...errors.map(
      ({ code, retryable, description }) => `| \`${code}\` | ${retryable ? 'it may be' : 'no'} | ${description} |`,
    ),
    '',
    '## Working on it',
    '',
    '```sh',
    `npx weft handlers dev ${name}      # builds on save and runs the cases`,
    `npx weft handlers test ${name}     # the cases once, in a cell and natively`,
    `npx weft handlers check ${name}    # everything that a catalog asks of a component`,
    '```',
    '',
    'A case is a folder of `cases/`: `input.json` and `expected.json`.',
    '',
  ].join('\n');
}

function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ').trim();
  return words[0]!.toUpperCase() + words.slice(1);
}
