import type { Json, JsonObject } from '../../../kernel/json.ts';

/** What a scaffold with one more interface has more of. */
export interface ScaffoldPart {
  /** As `weft:http/client@1.0.0`. */
  readonly interfaceName: string;
  /** `[names, module of the SDK]`. */
  readonly module: readonly [string, string];
  /** Names that `run` takes of the step besides config and inputs. */
  readonly step: readonly string[];
  /** The types of config keys. */
  readonly config: Readonly<Record<string, string>>;
  /** Statements of `run`, before its result. */
  readonly statements: readonly string[];
  /** Fields of the result: their expressions, or null where a name in scope says it. */
  readonly result: Readonly<Record<string, string | null>>;
  readonly configProperties: JsonObject;
  readonly outputProperties: JsonObject;
  readonly errors: readonly { readonly code: string; readonly retryable: boolean; readonly description: string }[];
  /** Of a case that ends well. */
  readonly caseConfig: JsonObject;
  readonly caseWorld: JsonObject;
  readonly caseResult: JsonObject;
  /** A further case: how it ends when the world refuses. */
  readonly refusal?: { readonly name: string; readonly world: JsonObject; readonly failure: JsonObject };
  readonly readme: string;
}

const WITHOUT: Pick<
  ScaffoldPart,
  'step' | 'config' | 'configProperties' | 'outputProperties' | 'errors' | 'caseConfig' | 'caseWorld' | 'caseResult'
> = {
  step: [],
  config: {},
  configProperties: {},
  outputProperties: {},
  errors: [],
  caseConfig: {},
  caseWorld: {},
  caseResult: {},
};

const URL = 'https://api.example.com/greetings';
const GREETING = 'Hello, Ada!';

/** By the name that `--imports` takes. */
export const SCAFFOLD_PARTS: Readonly<Record<string, ScaffoldPart>> = {
  clock: {
    ...WITHOUT,
    interfaceName: 'weft:clock/wall-clock@1.0.0',
    module: ['now', 'clock'],
    statements: [],
    result: { at_ms: 'now()' },
    outputProperties: { at_ms: { type: 'integer', description: 'When, in milliseconds since 1970.' } },
    caseWorld: { now_ms: 1_767_225_600_000 },
    caseResult: { at_ms: 1_767_225_600_000 },
    readme: '`at_ms` is when, in milliseconds since 1970.',
  },
  log: {
    ...WITHOUT,
    interfaceName: 'weft:log/logger@1.0.0',
    module: ['log', 'log'],
    statements: ["log.info('somebody is greeted', { name: inputs.name });"],
    result: {},
    readme: 'Each greeting is a line in the log.',
  },
  http: {
    ...WITHOUT,
    interfaceName: 'weft:http/client@1.0.0',
    module: ['send', 'http'],
    config: { url: 'string' },
    statements: [
      'const exchange = send({',
      "  method: 'PUT',",
      '  url: config.url,',
      "  headers: [{ name: 'Content-Type', value: 'text/plain' }],",
      "  body: { tag: 'text', val: text },",
      "  auth: { tag: 'none' },",
      '  timeoutMs: 10_000,',
      '  maxRedirects: 0,',
      '  maxBytes: 100_000,',
      '});',
      "if ('error' in exchange) {",
      '  const { tag, val } = exchange.error;',
      "  fail('request_failed', `${config.url} gave no answer (${tag}): ${val}`, {",
      "    retryable: tag === 'timeout' || tag === 'network',",
      '  });',
      '}',
      'const { status } = exchange.response;',
      "if (status >= 400) fail('request_refused', `${config.url} answered ${status}`);",
    ],
    result: { status: null },
    configProperties: {
      url: { type: 'string', description: 'Where the greeting is put. Operator and template must both allow it.' },
    },
    outputProperties: { status: { type: 'integer', description: 'The HTTP status of the answer.' } },
    errors: [
      {
        code: 'request_failed',
        retryable: true,
        description: 'There was no answer: look at `url` and at the egress rules of operator and template.',
      },
      { code: 'request_refused', retryable: false, description: 'The answer was a status from 400 up.' },
    ],
    caseConfig: { url: URL },
    caseWorld: {
      http: [{ request: { method: 'PUT', url: URL, body: { text: GREETING } }, response: { status: 204 } }],
    },
    caseResult: { status: 204 },
    refusal: {
      name: 'request_denied',
      world: { http: [{ error: { tag: 'denied', val: 'not allowed' } }] },
      failure: { code: 'request_failed', retryable: false },
    },
    readme: 'The greeting is put to `url`; `status` is the HTTP status of the answer.',
  },
  mail: {
    ...WITHOUT,
    interfaceName: 'weft:mail/sender@1.0.0',
    module: ['sendMail', 'mail'],
    step: ['idempotencyKey'],
    config: { to: 'string' },
    statements: [
      'const handover = sendMail({',
      '  key: idempotencyKey,',
      '  to: config.to,',
      "  subject: 'A greeting',",
      '  text,',
      '  timeoutMs: 10_000,',
      '});',
      "if ('error' in handover) {",
      '  const { tag } = handover.error;',
      "  fail('mail_failed', `${config.to} was not sent a mail (${tag})`, {",
      "    retryable: tag === 'timeout' || tag === 'network',",
      '  });',
      '}',
    ],
    result: { message_id: 'handover.receipt.messageId' },
    configProperties: {
      to: { type: 'string', description: 'The address that the greeting is mailed to; the operator must allow it.' },
    },
    outputProperties: { message_id: { type: 'string', description: 'The `Message-ID` of the mail.' } },
    errors: [
      {
        code: 'mail_failed',
        retryable: true,
        description: "The relay did not take the mail: look at `to` and at the operator's mail settings.",
      },
    ],
    caseConfig: { to: 'ada@example.com' },
    caseWorld: { mail: [{ message: { to: 'ada@example.com', text: GREETING } }] },
    caseResult: { message_id: '<1@host>' },
    refusal: {
      name: 'mail_denied',
      world: { mail: [{ error: { tag: 'denied', val: 'not allowed' } }] },
      failure: { code: 'mail_failed', retryable: false },
    },
    readme: 'The greeting is mailed to `to`; `message_id` names the mail.',
  },
};

/** The parts in the order in which their statements run: what is cheap comes first. */
export function partsOf(names: readonly string[]): readonly ScaffoldPart[] {
  return Object.entries(SCAFFOLD_PARTS).flatMap(([name, part]) => (names.includes(name) ? [part] : []));
}

/** What all of them say under one key, in one object. */
export function merged(parts: readonly ScaffoldPart[], of: (part: ScaffoldPart) => JsonObject): Record<string, Json> {
  return Object.assign({}, ...parts.map(of)) as Record<string, Json>;
}
