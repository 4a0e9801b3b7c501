import { didYouMean, type Finding, type JsonObject, type Plugin, type ReviewedStep } from '../../../kernel/index.ts';

const NAMES = { type: 'array', items: { type: 'string', pattern: '^[a-z*][a-z0-9_*]*$' }, uniqueItems: true } as const;

const LISTS = {
  allow: { ...NAMES, description: 'Handlers that steps may use; any when absent. `*` stands for any characters.' },
  deny: { ...NAMES, description: 'Handlers that no step may use, whatever is allowed.' },
} as const;

/** What the operator may set; `{}` allows every handler. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...LISTS,
    templates: {
      type: 'object',
      description: 'The same for single templates, by name. Both must allow a handler.',
      additionalProperties: { type: 'object', additionalProperties: false, properties: LISTS },
    },
    planned: {
      type: 'object',
      description: 'The same for the steps that planners propose. All must allow a handler.',
      additionalProperties: false,
      properties: LISTS,
    },
  },
} as const satisfies JsonObject;

interface Lists {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

interface Options extends Lists {
  readonly templates?: Readonly<Record<string, Lists>>;
  readonly planned?: Lists;
}

const plugin: Plugin = {
  name: 'handler_policy',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(hooks, given) {
    const options = given as Options;
    hooks.validatePolicy.tap((review, report) => {
      const { templates = {}, planned } = options;
      const own =
        review.name !== undefined && Object.hasOwn(templates, review.name) ? templates[review.name] : undefined;
      const lists = [options, own, review.plan === undefined ? undefined : planned].filter(
        (each) => each !== undefined,
      );
      for (const step of review.steps) {
        const finding = findingOf(step, lists);
        if (finding !== undefined) report(finding);
      }
    });
  },
};

export default plugin;

function findingOf({ pointer, handler }: ReviewedStep, lists: readonly Lists[]): Finding | undefined {
  if (handler === undefined) return undefined;
  const place = { pointer: `${pointer}/handler/catalog`, got: handler.name };
  if (lists.some(({ deny = [] }) => deny.some((pattern) => matches(pattern, handler.name)))) {
    return { code: 'handler_denied', ...place, message: `the operator's policy denies the handler "${handler.name}"` };
  }
  const narrow = lists.find(
    ({ allow }) => allow !== undefined && !allow.some((pattern) => matches(pattern, handler.name)),
  );
  if (narrow === undefined) return undefined;
  const { allow = [] } = narrow;
  const suggestion = didYouMean(handler.name, allow);
  return {
    code: 'handler_not_allowed',
    ...place,
    message: `the operator's policy does not allow the handler "${handler.name}" here`,
    expected: [...allow],
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Linear in the name: parts between stars are looked for one after the other. */
function matches(pattern: string, name: string): boolean {
  const [head, ...parts] = pattern.split('*') as [string, ...string[]];
  if (parts.length === 0) return name === head;
  const tail = parts.pop()!;
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  const end = name.length - tail.length;
  let from = head.length;
  for (const part of parts) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
