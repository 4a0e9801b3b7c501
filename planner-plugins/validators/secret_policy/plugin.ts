import type { Finding, JsonObject, Plugin, Review } from '../../../kernel/index.ts';

const TEXTS = { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true } as const;

/** What the operator may set; `{}` finds only what templates ask for and do not use. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    secrets: {
      type: 'object',
      description: 'Who may use a secret, by its name. What is absent does not restrict it.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: {
          templates: { ...TEXTS, description: 'Names of templates.' },
          handlers: { ...TEXTS, description: 'Names of handlers whose configs may refer to it.' },
          planned: { type: 'boolean', default: true, description: 'Whether steps that a planner proposes may.' },
        },
      },
    },
    unlisted: { enum: ['allow', 'deny'], default: 'allow', description: 'What holds for secrets that are not listed.' },
    unused: {
      enum: ['error', 'warning', 'ignore'],
      default: 'warning',
      description:
        'What it is when a template asks for a secret that none of its steps refers to. Not asked of templates that plan: plans may.',
    },
  },
} as const satisfies JsonObject;

interface Rule {
  readonly templates?: readonly string[];
  readonly handlers?: readonly string[];
  readonly planned?: boolean;
}

interface Options {
  readonly secrets?: Readonly<Record<string, Rule>>;
  readonly unlisted?: 'allow' | 'deny';
  readonly unused?: 'error' | 'warning' | 'ignore';
}

const plugin: Plugin = {
  name: 'secret_policy',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(hooks, given) {
    const options = given as Options;
    hooks.validatePolicy.tap((review, report) => {
      for (const finding of [...grantFindings(review, options), ...useFindings(review, options)]) report(finding);
    });
  },
};

export default plugin;

/** What is wrong with the template's list of secrets. A fragment has none of its own. */
function grantFindings(review: Review, { secrets = {}, unlisted = 'allow', unused = 'warning' }: Options): Finding[] {
  if (review.plan !== undefined) return [];
  const used = new Set(uses(review).map(({ secret }) => secret));
  const plans = review.steps.some(({ type }) => type === 'planning');
  return review.secrets.flatMap((secret, index): Finding[] => {
    const place = { pointer: `/secrets/${index}`, got: secret };
    const rule = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
    if (rule === undefined && unlisted === 'deny') {
      const message = `the operator's policy grants the secret "${secret}" to no template`;
      return [{ code: 'secret_denied', ...place, message, expected: Object.keys(secrets) }];
    }
    if (rule?.templates !== undefined && !rule.templates.includes(review.name ?? '')) {
      const message = `the operator's policy does not grant the secret "${secret}" to this template`;
      return [{ code: 'secret_denied', ...place, message, expected: [...rule.templates] }];
    }
    if (used.has(secret) || plans || unused === 'ignore') return [];
    const message = `no step refers to the secret "${secret}"`;
    return [{ code: 'secret_unused', severity: unused, ...place, message, suggestion: 'take it out of "secrets"' }];
  });
}

/** What is wrong with the places that refer to secrets. */
function useFindings(review: Review, { secrets = {}, unlisted = 'allow' }: Options): Finding[] {
  return uses(review).flatMap(({ secret, pointer, handler }): Finding[] => {
    const place = { pointer, got: `\${secrets.${secret}}` };
    const rule = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
    if (rule === undefined) {
      // Of a template, its list has been refused already.
      if (unlisted === 'allow' || review.plan === undefined) return [];
      return [
        { code: 'secret_denied', ...place, message: `the operator's policy grants the secret "${secret}" to nobody` },
      ];
    }
    if (review.plan !== undefined && rule.planned === false) {
      const message = `the operator's policy keeps the secret "${secret}" from planned steps`;
      return [{ code: 'secret_denied', ...place, message }];
    }
    if (rule.handlers === undefined || rule.handlers.includes(handler)) return [];
    const message = `the operator's policy does not let the handler "${handler}" use the secret "${secret}"`;
    return [{ code: 'secret_handler', ...place, message, expected: [...rule.handlers] }];
  });
}

interface Use {
  readonly secret: string;
  readonly pointer: string;
  readonly handler: string;
}

function uses({ steps }: Review): readonly Use[] {
  return steps.flatMap(({ handler, references }) =>
    references.flatMap(({ pointer, reference: { root } }): Use[] =>
      root.kind === 'secret' ? [{ secret: root.name, pointer, handler: handler?.name ?? '' }] : [],
    ),
  );
}
