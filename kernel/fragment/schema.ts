import type { JsonObject } from '../json.ts';
import { STEP_PROPERTIES } from '../template/schema.ts';
import { BOUND_NAMES, type Fragment, type FragmentStep } from './types.ts';

const { name, dependencies, ...OTHER_STEP_PROPERTIES } = STEP_PROPERTIES;

const REASONING_LENGTH_MAX = 4_000;

const STEP_KEYS = {
  name: {
    ...name,
    description:
      'Unique in the fragment; what references and dependencies call the step. A step of the frame may have the same ' +
      'name, and can then not be referred to.',
  },
  reasoning: {
    type: 'string',
    minLength: 1,
    maxLength: REASONING_LENGTH_MAX,
    description: 'Why the step is there; kept with it and shown to people.',
  },
  dependencies: {
    ...dependencies,
    description:
      'Names of the steps of this fragment that must be over before this one starts. Steps of the frame are not named: ' +
      'they are over.',
  },
  ...OTHER_STEP_PROPERTIES,
  max_items: {
    ...STEP_PROPERTIES.max_items,
    description: 'How many items a batchable step may give, which it must have; more fail it.',
  },
} as const satisfies Record<keyof FragmentStep, unknown>;

const PLANNING_CONTEXT_PROPERTIES = {
  goal: { type: 'string', minLength: 1, maxLength: 4_000, description: 'What the plan is for, in own words.' },
  reasoning: {
    type: 'string',
    minLength: 1,
    maxLength: 20_000,
    description: 'Why these steps, and why in this order; kept with the plan and shown to people.',
  },
  estimated_steps: {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    description: 'How many steps are expected to run. For comparison only: bounds are computed.',
  },
  estimated_depth: {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    description: 'How many of them are expected to run one after the other. For comparison only.',
  },
} as const satisfies Record<keyof Fragment['planning_context'], unknown>;

const BOUND_DESCRIPTIONS: Record<(typeof BOUND_NAMES)[number], string> = {
  steps: 'Steps, each worker of a fan-out counted.',
  depth: 'Steps on the longest way through the fragment.',
  fan_out: 'Items of the widest fan-out.',
  calls: 'Attempts of handlers: each step, and each worker, as often as its retry policy has it.',
  cost_usd: 'What all these attempts cost, by the prices in the catalog, in US dollars.',
};

const RESOURCE_BOUNDS_PROPERTIES = Object.fromEntries(
  BOUND_NAMES.map((bound) => {
    const type = bound === 'cost_usd' ? 'number' : 'integer';
    return [`max_${bound}`, { type, minimum: 0, description: BOUND_DESCRIPTIONS[bound] }];
  }),
);

const FRAGMENT_PROPERTIES = {
  fragment_version: { const: '1.0', description: 'Version of the form.' },
  planning_context: {
    type: 'object',
    required: ['goal', 'reasoning'],
    additionalProperties: false,
    properties: PLANNING_CONTEXT_PROPERTIES,
    description: 'What the planner thought.',
  },
  steps: {
    type: 'array',
    items: { $ref: '#/$defs/step' },
    minItems: 1,
    description: 'What is done, in any order: dependencies decide what runs when.',
  },
  convergence: {
    type: 'object',
    required: ['exit_step'],
    additionalProperties: false,
    properties: {
      exit_step: {
        type: 'string',
        description:
          "Name of the one step that all others lead to. Its result is the plan's output; what follows in the frame waits for it.",
      },
    },
    description: 'Where the fragment ends.',
  },
  resource_bounds: {
    type: 'object',
    additionalProperties: false,
    properties: RESOURCE_BOUNDS_PROPERTIES,
    default: {},
    description:
      'What the planner says that the plan needs at the most. Refused when the plan can come to more; what the planning ' +
      'step and the budget allow holds besides.',
  },
} as const satisfies Record<keyof Fragment, unknown>;

/** JSON Schema 2020-12 of fragments, version 1.0: keys, types, bounds, defaults, and what each key means. */
export const FRAGMENT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Weft fragment',
  description: 'Steps that a planner proposes for a task that runs.',
  type: 'object',
  required: ['fragment_version', 'planning_context', 'steps', 'convergence'],
  additionalProperties: false,
  properties: FRAGMENT_PROPERTIES,
  $defs: {
    step: {
      type: 'object',
      description: 'One unit of work.',
      required: ['name', 'reasoning', 'handler'],
      additionalProperties: false,
      properties: STEP_KEYS,
    },
  },
} as const satisfies JsonObject;
