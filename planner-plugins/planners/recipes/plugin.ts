import { type JsonObject, NO_USAGE, type Planner, PlannerFailure, type Plugin } from '../../../kernel/index.ts';
import { choose, OPERATORS, type Recipe } from './choose.ts';

/** What the operator may set; without recipes the planner has nothing to propose. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    recipes: {
      type: 'array',
      default: [],
      description: 'Plans, in the order in which they are tried: the first whose conditions all hold is proposed.',
      items: {
        type: 'object',
        required: ['name', 'fragment'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1, description: 'For people; unique is better.' },
          planning_steps: {
            type: 'array',
            items: { type: 'string' },
            description: 'Names of the planning steps it is for; any when absent.',
          },
          when: {
            type: 'array',
            description: 'Conditions that must all hold; a recipe without them always fits.',
            items: {
              type: 'object',
              required: ['field', 'operator'],
              additionalProperties: false,
              properties: {
                field: {
                  type: 'string',
                  minLength: 1,
                  description: 'A reference without its braces: task.context.kind, steps.fetch.result.rows[0].',
                },
                operator: { enum: [...OPERATORS], description: 'How the field is held against the value.' },
                value: { description: 'What the field is held against; "exists" and "absent" take none.' },
              },
            },
          },
          fragment: {
            type: 'object',
            description: 'The plan, as a fragment. Its references are filled in when its steps run.',
          },
        },
      },
    },
  },
} as const satisfies JsonObject;

type BoundRecipe = Recipe & { readonly planning_steps?: readonly string[] };

/** Proposes authored fragments: the same context gives the same plan, and no model is asked. */
export function recipesPlanner(recipes: readonly BoundRecipe[]): Planner {
  return {
    description: 'Authored plans, chosen by rules over the context; no model, no cost.',
    spends: () => ({ llm_calls: 0, tokens: 0, cost_usd: 0 }),
    async plan({ step_name, context, feedback }) {
      const own = recipes.filter(({ planning_steps }) => planning_steps?.includes(step_name) ?? true);
      const chosen = choose(own, context);
      if (chosen === undefined) {
        const names = own.map(({ name }) => name).join(', ') || 'none';
        throw new PlannerFailure({
          code: 'no_recipe_fits',
          message: `no recipe fits the context; there are for "${step_name}": ${names}`,
          retryable: false,
          usage: NO_USAGE,
        });
      }
      const text = JSON.stringify(chosen.fragment);
      // The same answer again would be refused again.
      if (feedback.some(({ answer }) => answer === text)) {
        throw new PlannerFailure({
          code: 'recipe_refused',
          message: `recipe "${chosen.name}" was refused; a recipe cannot revise itself`,
          retryable: false,
          usage: NO_USAGE,
        });
      }
      return { text, stop_reason: 'end', model: null, usage: NO_USAGE };
    },
  };
}

const plugin: Plugin = {
  name: 'recipes',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(_hooks, options, { planners }) {
    const { recipes = [] } = options as { readonly recipes?: readonly BoundRecipe[] };
    planners.register('recipes', recipesPlanner(recipes));
  },
};

export default plugin;
