import type { FragmentBounds, SurroundingStep } from '../fragment/types.ts';
import type { Amounts } from '../planning/budget.ts';
import { remaining } from './budget.ts';
import type { PlanPlace } from './commands.ts';
import type { Draft } from './draft.ts';
import { planningFieldsOf } from './plan_call.ts';
import { compiledAt, compiledOf, type StepState, stepIdAt } from './state.ts';

/** Where a planning step's plan shall become steps: what it may use and what it may refer to. */
export function planPlace(draft: Draft, step: StepState): PlanPlace {
  const { state, at } = draft;
  const { template } = state.compiled;
  const fields = planningFieldsOf(state, step);
  const { max_fragment_steps, max_fragment_depth, max_fan_out } = fields.bounds;
  const allowed = fields.catalog ?? template.catalog;
  return {
    task_id: state.head.id,
    template: {
      name: template.name,
      namespace: template.namespace,
      ...(template.input_schema === undefined ? {} : { input_schema: template.input_schema }),
    },
    planning_step: step.name,
    phase: 1,
    ...(allowed === undefined ? {} : { allowed_handlers: allowed }),
    around: ancestorsOf(draft, step),
    grants: { egress: template.egress, secrets: template.secrets },
    bounds: { steps: max_fragment_steps, depth: max_fragment_depth, fan_out: max_fan_out },
    remaining: forFragments(remaining(state, at)),
    ...(fields.output_schema === undefined ? {} : { output_schema: fields.output_schema }),
  };
}

function forFragments({ steps, cost_usd }: Amounts): Partial<FragmentBounds> {
  return { ...(steps === undefined ? {} : { steps }), ...(cost_usd === undefined ? {} : { cost_usd }) };
}

/** Every step of the frame that is over before the planning step runs. */
function ancestorsOf({ state, env }: Draft, step: StepState): readonly SurroundingStep[] {
  const indexes = new Set(compiledOf(state, step).dependencies);
  // Iterating over a set also visits what is added meanwhile.
  for (const index of indexes) for (const before of compiledAt(state, index).dependencies) indexes.add(before);
  return [...indexes]
    .sort((a, b) => a - b)
    .flatMap((index): SurroundingStep[] => {
      const found = state.steps.get(stepIdAt(state, index));
      if (found === undefined) return [];
      const { type, output_schema } = compiledAt(state, index).definition;
      if (type === 'batch_worker') return [{ name: found.name, kind: 'batch' }];
      const schema = type === 'planning' ? output_schema : found.pin === null ? undefined : env.outputSchema(found.pin);
      const seen = schema === undefined ? {} : { output_schema: schema };
      const own: SurroundingStep = { name: found.name, kind: 'step', ...seen };
      return type === 'planning' ? [{ ...own, kind: 'plan' }] : [own];
    });
}
