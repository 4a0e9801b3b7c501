import { SECRET_NAME_PATTERN, STEP_NAME_PATTERN } from '../reference/names.ts';
import { RETRY_DEFAULTS, STEP_DEFAULTS, TEMPLATE_DEFAULTS } from './defaults.ts';
import { HOST_PATTERN } from './egress.ts';
import { PLANNING_DEFAULTS } from './planning.ts';
import { STEP_LIMIT_NAMES, STEP_LIMITS } from './step_limits.ts';
import type { EgressRule, HandlerReference, PlanningFields, RetryPolicy, StepDefinition, Template } from './types.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const HANDLER_NAME_PATTERN = '^[a-z][a-z0-9_]{0,63}$';

const BUDGET_PROPERTIES = {
  max_planning_phases: { type: 'integer', minimum: 0, description: 'Plans made one inside the other.' },
  max_total_steps: { type: 'integer', minimum: 1, description: 'Steps of the task, planned ones included.' },
  max_llm_calls: { type: 'integer', minimum: 0, description: 'Calls of a model.' },
  max_tokens: { type: 'integer', minimum: 0, description: 'Tokens that model calls read and write.' },
  max_host_calls: { type: 'integer', minimum: 0, description: 'Calls that steps make to the outside.' },
  max_wall_clock_ms: { type: 'integer', minimum: 1, description: 'From submission to the end, in milliseconds.' },
  max_cost_usd: { type: 'number', minimum: 0, description: 'What model calls and handlers cost, in US dollars.' },
} as const;

const LIMIT_PROPERTIES = Object.fromEntries(
  STEP_LIMIT_NAMES.map((name) => {
    const { minimum, maximum, description } = STEP_LIMITS[name];
    return [name, { type: 'integer', minimum, maximum, description }];
  }),
);

const EGRESS_PROPERTIES = {
  scheme: { enum: ['https', 'http'], default: 'https', description: 'The scheme of the URL.' },
  host: {
    type: 'string',
    pattern: HOST_PATTERN,
    maxLength: 253,
    description: 'A host name, an IP address, or "*." and a domain for every host below it.',
  },
  port: { type: 'integer', minimum: 1, maximum: 65_535, description: "The port; the scheme's own when absent." },
  methods: {
    type: 'array',
    items: { type: 'string', pattern: '^[A-Z]{1,16}$' },
    minItems: 1,
    uniqueItems: true,
    description: 'HTTP methods in capitals; any when absent.',
  },
  path: {
    type: 'string',
    pattern: '^/',
    maxLength: 1_000,
    description: 'A path prefix that ends at a segment: "/v1" opens "/v1" and "/v1/orders". Any path when absent.',
  },
} as const satisfies Record<keyof EgressRule, unknown>;

const HANDLER_PROPERTIES = {
  catalog: {
    type: 'string',
    pattern: '^[a-z][a-z0-9_]{0,63}(@[ -~]{1,100})?$',
    description:
      'The handler\'s name, with an npm semver range after "@" if not every version will do: "transform@^1".',
  },
  config: {
    type: 'object',
    default: {},
    description: 'What the handler is to do, by its config schema. References (${…}) are filled in before it runs.',
  },
} as const satisfies Record<Exclude<keyof HandlerReference, 'literals'>, unknown>;

const RETRY_PROPERTIES = {
  max_attempts: {
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: RETRY_DEFAULTS.max_attempts,
    description: 'How often the step is tried, the first time included.',
  },
  backoff: {
    enum: ['none', 'linear', 'exponential'],
    default: RETRY_DEFAULTS.backoff,
    description: 'How the delay grows: not at all, by base_ms, or doubling from base_ms.',
  },
  base_ms: {
    type: 'integer',
    minimum: 0,
    maximum: DAY_MS,
    default: RETRY_DEFAULTS.base_ms,
    description: 'The first delay, in milliseconds.',
  },
  max_ms: {
    type: 'integer',
    minimum: 0,
    maximum: DAY_MS,
    default: RETRY_DEFAULTS.max_ms,
    description: 'The longest delay, in milliseconds.',
  },
  jitter: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: RETRY_DEFAULTS.jitter,
    description: 'The share of the delay that chance may take away.',
  },
} as const satisfies Record<keyof RetryPolicy, unknown>;

/** The keys of a step, in templates and in fragments. */
export const STEP_PROPERTIES = {
  name: {
    type: 'string',
    pattern: STEP_NAME_PATTERN,
    description: 'Unique in the template; what references and dependencies call the step.',
  },
  type: {
    enum: ['standard', 'decision', 'deferred', 'batchable', 'batch_worker', 'planning'],
    default: STEP_DEFAULTS.type,
    description:
      'A decision chooses which of the steps that depend on it exist. A deferred step waits for those of its ' +
      'dependencies that came to exist. A batchable step gives items, and its batch_worker runs once for each. ' +
      'A planning step asks a planner for steps, and is over when these are.',
  },
  title: { type: 'string', minLength: 1, maxLength: 200, description: 'A line for people who read the template.' },
  handler: {
    type: 'object',
    required: ['catalog'],
    additionalProperties: false,
    properties: HANDLER_PROPERTIES,
    description: 'What performs the step.',
  },
  inputs: {
    type: 'object',
    description:
      'What the handler is given, with references filled in. When absent: the result of each dependency under its name.',
  },
  dependencies: {
    type: 'array',
    items: { type: 'string' },
    default: [],
    description: 'Names of the steps that must be over before this one starts.',
  },
  retry: {
    type: 'object',
    additionalProperties: false,
    properties: RETRY_PROPERTIES,
    default: { ...RETRY_DEFAULTS },
    description: 'How often and how patiently a failure that may pass is tried again.',
  },
  timeout_ms: {
    type: 'integer',
    minimum: 1,
    maximum: DAY_MS,
    default: STEP_DEFAULTS.timeout_ms,
    description: 'How long one attempt may run, in milliseconds. Waiting for people does not count.',
  },
  limits: {
    type: 'object',
    additionalProperties: false,
    properties: LIMIT_PROPERTIES,
    description:
      "What one run of this step may use. A limit can only be narrower than the template's and the operator's.",
  },
  on_failure: {
    enum: ['block', 'continue', 'fail_task'],
    default: STEP_DEFAULTS.on_failure,
    description:
      "What the step's final failure means: its dependents wait for an operator, they go on without it, or the task fails.",
  },
  max_items: {
    type: 'integer',
    minimum: 0,
    maximum: 10_000,
    description: 'Of a batchable step: how many items it may give; more fail it.',
  },
} as const satisfies Record<Exclude<keyof StepDefinition, keyof PlanningFields>, unknown>;

const STEP_NAMES = { type: 'array', items: { type: 'string' }, uniqueItems: true } as const;

/** Keys of planning steps, which have them in place of a handler. */
const PLANNING_PROPERTIES = {
  planner: {
    type: 'string',
    pattern: '^[a-z][a-z0-9_]{0,63}$',
    description: 'Of a planning step: the planner that is asked. `weft plugins list` shows those there are.',
  },
  fallback: {
    type: 'array',
    items: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' },
    maxItems: 10,
    default: [...PLANNING_DEFAULTS.fallback],
    description: 'Planners that are asked, in order, once the one before has failed for good.',
  },
  goal: {
    type: 'string',
    minLength: 1,
    maxLength: 20_000,
    description: 'What the plan is to achieve. References (${…}) are filled in before each call.',
  },
  context_from: {
    ...STEP_NAMES,
    description:
      'Names of steps that come before and whose results the planner is shown; the dependencies when absent.',
  },
  context_strategy: {
    enum: ['full', 'summarized', 'selective'],
    default: PLANNING_DEFAULTS.context_strategy,
    description:
      'What of large values the planner is shown: all of it, or a summary. `selective` leaves the task context out ' +
      'and shows what context_from names, summarized.',
  },
  catalog: {
    ...STEP_NAMES,
    description: 'Names of the handlers that plans may use; those of the template when absent.',
  },
  convergence_target: {
    type: 'string',
    description: 'The step that the plan leads to: it depends on the planning step, and starts once the plan is over.',
  },
  output_schema: {
    type: 'object',
    description: 'JSON Schema 2020-12 of ${plans.<step>.output}, which the result of the exit step must meet.',
  },
  bounds: {
    type: 'object',
    additionalProperties: false,
    default: { ...PLANNING_DEFAULTS.bounds },
    properties: {
      max_fragment_steps: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: PLANNING_DEFAULTS.bounds.max_fragment_steps,
        description: 'Steps of a plan, the workers of its fan-outs included.',
      },
      max_fragment_depth: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        default: PLANNING_DEFAULTS.bounds.max_fragment_depth,
        description: 'Steps on the longest way through a plan.',
      },
      max_fan_out: {
        type: 'integer',
        minimum: 0,
        maximum: 10_000,
        default: PLANNING_DEFAULTS.bounds.max_fan_out,
        description: 'Items of a fan-out of a plan.',
      },
    },
    description: 'How large a plan may be.',
  },
  max_attempts: {
    type: 'integer',
    minimum: 1,
    maximum: 20,
    default: PLANNING_DEFAULTS.max_attempts,
    description: 'Plans that are asked for of each planner. Calls that fail are for `retry`.',
  },
  plan_approval: {
    enum: ['never', 'always'],
    default: PLANNING_DEFAULTS.plan_approval,
    description: 'Whether a person is shown the plan, and asked, before it becomes steps.',
  },
  model: { type: 'string', minLength: 1, maxLength: 200, description: 'The model that the planner shall use.' },
} as const satisfies Record<keyof PlanningFields, unknown>;

const TEMPLATE_PROPERTIES = {
  name: { type: 'string', pattern: '^[a-z][a-z0-9_-]{0,63}$', description: 'What the workflow is called.' },
  namespace: {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9_.-]{0,62}$',
    default: TEMPLATE_DEFAULTS.namespace,
    description: 'Where its steps are queued: brokers take the work of the namespaces they serve.',
  },
  version: {
    type: 'string',
    pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+([-+][0-9A-Za-z.+-]{1,64})?$',
    default: TEMPLATE_DEFAULTS.version,
    description: 'Semantic version of the template.',
  },
  description: {
    type: 'string',
    maxLength: 10_000,
    default: TEMPLATE_DEFAULTS.description,
    description: 'What it is for.',
  },
  input_schema: {
    type: 'object',
    description: 'JSON Schema 2020-12 of the context that a task is submitted with; anything when absent.',
  },
  catalog: {
    type: 'array',
    items: { type: 'string', pattern: HANDLER_NAME_PATTERN },
    uniqueItems: true,
    description: 'Names of the handlers that the steps may use; all when absent.',
  },
  egress: {
    type: 'array',
    items: { type: 'object', required: ['host'], additionalProperties: false, properties: EGRESS_PROPERTIES },
    maxItems: 1_000,
    default: [],
    description: "Where steps may connect to. The operator's own list must allow it, too.",
  },
  secrets: {
    type: 'array',
    items: { type: 'string', pattern: SECRET_NAME_PATTERN },
    maxItems: 1_000,
    uniqueItems: true,
    default: [],
    description: 'Names of the secrets that steps may refer to, as ${secrets.NAME}.',
  },
  limits: {
    type: 'object',
    additionalProperties: false,
    properties: LIMIT_PROPERTIES,
    description: "What one run of a step may use. A limit can only be narrower than the operator's.",
  },
  budget: {
    type: 'object',
    additionalProperties: false,
    properties: BUDGET_PROPERTIES,
    description: 'What a task may spend at the most.',
  },
  steps: {
    type: 'array',
    items: { $ref: '#/$defs/step' },
    minItems: 1,
    description: 'What is done, in any order: dependencies decide what runs when.',
  },
} as const satisfies Record<keyof Template, unknown>;

/** JSON Schema 2020-12 of a template as it is written: keys, types, bounds, defaults, and what each key means. */
export const TEMPLATE_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Weft template',
  description: 'The authored frame of a workflow.',
  type: 'object',
  required: ['name', 'steps'],
  additionalProperties: false,
  properties: TEMPLATE_PROPERTIES,
  $defs: {
    step: {
      type: 'object',
      description: 'One unit of work.',
      // What else it needs depends on its type: `checkPlanningKeys`.
      required: ['name'],
      additionalProperties: false,
      properties: { ...STEP_PROPERTIES, ...PLANNING_PROPERTIES },
    },
  },
} as const;
