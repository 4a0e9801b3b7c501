import type { JsonObject } from '../json.ts';
import type { CompiledTemplate } from '../template/types.ts';
import type { ValidationEnvironment } from '../validation/pipeline.ts';
import type { FragmentBounds, FragmentContext, SurroundingStep } from './types.ts';

/** What holds for a fragment that belongs to no template: everything is allowed that the engine can do. */
export function freeContext(env: ValidationEnvironment): FragmentContext {
  return {
    ...env,
    template: { name: 'fragment', namespace: 'default' },
    planning_step: 'plan',
    phase: 1,
    around: [],
    grants: { egress: [], secrets: [] },
    bounds: {},
  };
}

/**
 * What a step of a template gives its plans, were all steps before it over: what it may use, what it may refer to, and
 * how much. A step that is no planning step stands for one without fields of its own. Undefined when there is no such
 * step.
 */
export function frameContext(
  frame: CompiledTemplate,
  step: string,
  env: ValidationEnvironment,
): FragmentContext | undefined {
  const index = frame.index_of.get(step);
  if (index === undefined) return undefined;
  const { template } = frame;
  const { catalog, bounds, output_schema } = frame.steps[index]!.definition;
  const allowed = catalog ?? template.catalog;
  return {
    ...env,
    template,
    planning_step: step,
    phase: 1,
    ...(allowed === undefined ? {} : { allowed_handlers: allowed }),
    around: ancestorsOf(frame, index, env),
    grants: template,
    bounds:
      bounds === undefined
        ? {}
        : { steps: bounds.max_fragment_steps, depth: bounds.max_fragment_depth, fan_out: bounds.max_fan_out },
    remaining: budgetOf(template.budget),
    ...(output_schema === undefined ? {} : { output_schema }),
  };
}

function ancestorsOf({ steps }: CompiledTemplate, index: number, env: ValidationEnvironment): SurroundingStep[] {
  const before = new Set(steps[index]!.dependencies);
  // Iterating over a set also visits what is added meanwhile.
  for (const each of before) for (const earlier of steps[each]!.dependencies) before.add(earlier);
  return [...before]
    .sort((a, b) => a - b)
    .map((each): SurroundingStep => {
      const { definition, handler_name, handler_range } = steps[each]!;
      const { name, type, output_schema } = definition;
      if (type === 'batch_worker') return { name, kind: 'batch' };
      if (type === 'planning') return { name, kind: 'plan', ...(output_schema === undefined ? {} : { output_schema }) };
      const entry = env.catalog.find(
        ({ name, version }) => name === handler_name && env.satisfies(version, handler_range),
      );
      return { name, kind: 'step', ...(entry === undefined ? {} : { output_schema: entry.capability.outputSchema }) };
    });
}

function budgetOf(budget: JsonObject | undefined): Partial<FragmentBounds> {
  const { max_total_steps: steps, max_cost_usd: cost_usd } = budget ?? {};
  return {
    ...(typeof steps === 'number' ? { steps } : {}),
    ...(typeof cost_usd === 'number' ? { cost_usd } : {}),
  };
}
