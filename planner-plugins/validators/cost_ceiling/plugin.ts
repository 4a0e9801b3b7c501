import { type Finding, type JsonObject, type Plugin, RETRY_DEFAULTS, type Review } from '../../../kernel/index.ts';
import { type StepCost, worstCase } from './worst_case.ts';

const USD = { type: 'number', minimum: 0 } as const;

const CEILINGS = {
  max_cost_usd: { ...USD, description: 'For all steps together, in US dollars; no ceiling when absent.' },
  max_step_cost_usd: { ...USD, description: 'For one step, all its workers included; no ceiling when absent.' },
} as const;

/** What the operator may set; `{}` sets no ceiling. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...CEILINGS,
    templates: {
      type: 'object',
      description: 'Other ceilings for single templates, by name, in place of those above.',
      additionalProperties: { type: 'object', additionalProperties: false, properties: CEILINGS },
    },
    planned: {
      type: 'object',
      description: 'Ceilings for one plan, in place of the template’s.',
      additionalProperties: false,
      properties: CEILINGS,
    },
    unbounded_items: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 10_000,
      description: 'How many items a fan-out is taken to give that has no max_items; 10,000 is the most it can.',
    },
  },
} as const satisfies JsonObject;

interface Ceilings {
  readonly max_cost_usd?: number;
  readonly max_step_cost_usd?: number;
}

interface Options extends Ceilings {
  readonly templates?: Readonly<Record<string, Ceilings>>;
  readonly planned?: Ceilings;
  readonly unbounded_items?: number;
}

const plugin: Plugin = {
  name: 'cost_ceiling',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(hooks, given) {
    const options = given as Options;
    const items = options.unbounded_items ?? optionsSchema.properties.unbounded_items.default;
    hooks.validatePolicy.tap((review, report) => {
      const ceilings = ceilingsFor(review, options);
      const costs = worstCase(review, { attempts: RETRY_DEFAULTS.max_attempts, items });
      for (const finding of findings(costs, ceilings)) report(finding);
    });
  },
};

export default plugin;

function ceilingsFor({ name = '', plan }: Review, options: Options): Ceilings {
  const { templates = {}, planned } = options;
  const own = Object.hasOwn(templates, name) ? templates[name] : undefined;
  return { ...options, ...own, ...(plan === undefined ? {} : planned) };
}

function findings(costs: readonly StepCost[], { max_cost_usd, max_step_cost_usd }: Ceilings): Finding[] {
  const found: Finding[] = [];
  for (const { step, instances, attempts, cost_usd } of costs) {
    if (max_step_cost_usd === undefined || cost_usd <= max_step_cost_usd) continue;
    found.push({
      code: 'step_too_expensive',
      pointer: step.pointer,
      message: `the step can cost ${usd(cost_usd)} US dollars: ${instances} run(s) of up to ${attempts} attempt(s) each`,
      expected: max_step_cost_usd,
      got: cost_usd,
      suggestion:
        instances > 1 ? 'give its fan-out a smaller max_items, or the step fewer retries' : 'give it fewer retries',
    });
  }
  const total = costs.reduce((sum, { cost_usd }) => sum + cost_usd, 0);
  if (max_cost_usd === undefined || total <= max_cost_usd) return found;
  const dearest = [...costs].sort((a, b) => b.cost_usd - a.cost_usd)[0]!;
  found.push({
    code: 'too_expensive',
    pointer: '/steps',
    message: `the steps can cost ${usd(total)} US dollars together`,
    expected: max_cost_usd,
    got: total,
    suggestion: `the dearest is "${dearest.step.name ?? dearest.step.index}", with ${usd(dearest.cost_usd)}`,
  });
  return found;
}

/** Enough digits for prices of single calls, and none that floating point has made up. */
const usd = (amount: number): string => String(Number(amount.toPrecision(6)));
