import { SECRET_NAME_PATTERN } from '../../../kernel/reference/names.ts';
import { HOST_PATTERN } from '../../../kernel/template/egress.ts';
import { item, listOf, oneOf, section, source, text } from './describe.ts';

const hostPattern = (description: string) => text(description, { pattern: HOST_PATTERN });

/** `egress`: where steps may connect to. */
export const EGRESS = section(
  'Where steps may connect to. Nothing, unless a rule here and one of the template allow it.',
  {
    allow: listOf(
      item(
        {
          scheme: { enum: ['http', 'https'], description: '`https` when absent.' },
          host: hostPattern('A host name, an IP literal, or `*.` and a domain.'),
          port: { type: 'integer', minimum: 1, maximum: 65_535, description: "The scheme's default when absent." },
          methods: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', pattern: '^[A-Z]+$' },
            description: 'In capitals; any when absent.',
          },
          path: text('A prefix that ends at a segment; any when absent.', { pattern: '^/' }),
          private: {
            type: 'boolean',
            description:
              'The host may be, or resolve to, a loopback, private or link-local address. `false` when absent.',
          },
        },
        ['host'],
      ),
      'The rules; one that matches is enough.',
    ),
  },
);

/** `secrets`: what steps may use without seeing it. */
export const SECRETS = {
  type: 'object',
  description:
    'Secrets by name, as templates list them and `${secrets.NAME}` refers to them. Steps see placeholders; the value goes into requests to the hosts it is granted for, and nowhere else.',
  propertyNames: { pattern: SECRET_NAME_PATTERN },
  additionalProperties: item(
    {
      source: source('Where the value comes from: `{env: NAME}` or `{file: PATH}`.'),
      hosts: {
        type: 'array',
        minItems: 1,
        items: hostPattern('A host name, an IP literal, or `*.` and a domain.'),
        description: 'The hosts that may receive it, as in egress rules.',
      },
      namespaces: {
        type: 'array',
        items: text('A namespace.'),
        description: 'The namespaces whose templates may use it; all when absent.',
      },
      positions: {
        type: 'array',
        items: { enum: ['auth', 'header', 'path', 'query', 'body'] },
        description:
          'Where in a request it may stand: `auth`, `header`, `path`, `query`, `body`; the first two when absent.',
      },
      plain_http: {
        type: 'boolean',
        description: 'It may go to its hosts over plain `http`, where others can read it. `false` when absent.',
      },
    },
    ['source', 'hosts'],
  ),
  default: {},
};

/** `api`: who may ask. */
export const API = section('The HTTP API.', {
  host: text('The address to listen on. Any but a loopback address needs at least one token.', {
    default: '127.0.0.1',
  }),
  port: {
    type: 'integer',
    minimum: 0,
    maximum: 65_535,
    default: 7_420,
    description: 'The port to listen on; 0 takes a free one.',
  },
  tokens: listOf(
    item(
      {
        name: text('Who bears it: the principal of what is done with it.'),
        roles: {
          type: 'array',
          items: text('A role.'),
          description: '`read`, `submit`, `operate`, `admin`, or roles of your own that gates ask for.',
        },
        token: source('Where the token comes from: `{env: NAME}` or `{file: PATH}`; at least 16 characters.'),
      },
      ['name', 'roles', 'token'],
    ),
    'Named tokens. Without one, only reading is possible over TCP.',
  ),
  allowed_hosts: listOf(
    text('A host name.'),
    'Names, besides those of the loopback and of `host`, that requests may be addressed to.',
  ),
});

/** `log`: what is told. */
export const LOG = section('Logs, as JSON lines on standard error.', {
  level: oneOf('The least that is worth a line.', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
});
