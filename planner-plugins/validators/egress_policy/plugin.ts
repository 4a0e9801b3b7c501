import { type Json, type JsonObject, type Plugin, pointerToken } from '../../../kernel/index.ts';
import { checkRequest, type EgressPolicy } from './check_request.ts';

const TEXTS = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true } as const;

/** What the operator may set; `{}` is enough. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    undeclared: {
      enum: ['error', 'warning', 'ignore'],
      default: 'error',
      description: "What a request is that no rule of the template's own egress list allows: it would fail when run.",
    },
    denied_hosts: {
      ...TEXTS,
      default: [],
      description: 'Hosts that no step may name: a name, an IP address, or "*." and a domain.',
    },
    denied_methods: { ...TEXTS, default: [], description: 'HTTP methods that no step may use, in capitals.' },
    requests: {
      type: 'object',
      description: 'Which handlers send requests, and where their configs say to whom and how.',
      default: { http_request: { url: 'url', method: 'method' } },
      additionalProperties: {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: {
          url: { type: 'string', description: 'The key of the URL.' },
          method: {
            type: 'string',
            description: 'The key of the method, "method" when absent; a request without one is a GET.',
          },
        },
      },
    },
  },
} as const satisfies JsonObject;

/** Options as they come: checked, defaults not filled in. */
interface Options extends Partial<EgressPolicy> {
  readonly requests?: Readonly<Record<string, { readonly url: string; readonly method?: string }>>;
}

const plugin: Plugin = {
  name: 'egress_policy',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(hooks, given) {
    const options = given as Options;
    const requests = new Map(Object.entries(options.requests ?? optionsSchema.properties.requests.default));
    const policy: EgressPolicy = {
      undeclared: options.undeclared ?? 'error',
      denied_hosts: options.denied_hosts ?? [],
      denied_methods: options.denied_methods ?? [],
    };
    hooks.validatePolicy.tap((review, report) => {
      for (const { pointer, handler, config } of review.steps) {
        const keys = requests.get(handler?.name ?? '');
        if (keys === undefined || config === undefined) continue;
        const place = (key: string) => `${pointer}/handler/config/${pointerToken(key)}`;
        const { url, method = 'method' } = keys;
        const request = { url: textAt(config, url), method: textAt(config, method) ?? 'GET' };
        for (const finding of checkRequest(
          request,
          { url: place(url), method: place(method) },
          review.egress,
          policy,
          review.plan !== undefined,
        )) {
          report(finding);
        }
      }
    });
  },
};

export default plugin;

function textAt(config: JsonObject, key: string): string | undefined {
  const value: Json | undefined = Object.hasOwn(config, key) ? config[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
