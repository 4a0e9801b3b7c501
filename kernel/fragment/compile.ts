import type { Json, JsonObject } from '../json.ts';
import { qualifiedName } from '../reference/names.ts';
import { type Rewrite, rewriteReferences } from '../reference/rewrite.ts';
import { pointerOf } from '../schema/pointer.ts';
import { compileSteps } from '../template/compile.ts';
import { stepWithDefaults } from '../template/defaults.ts';
import type { CompiledStep, StepDefinition } from '../template/types.ts';
import type { Fragment, FragmentStep } from './types.ts';

/**
 * The steps of a checked fragment as they are stored: see `ValidFragment.steps`. `literals` are, for each step, the
 * pointers into its config that are not interpolated.
 */
export function compileFragment(
  { steps }: Fragment,
  literals: readonly (readonly string[])[],
  { planning_step, phase }: { readonly planning_step: string; readonly phase: number },
): readonly CompiledStep[] {
  const own = new Map(steps.map(({ name }) => [name, qualifiedName(planning_step, phase, name)]));
  return compileSteps(steps.map((step, at) => defineStep(step, literals[at] ?? [], own)));
}

function defineStep(
  { reasoning: _, ...step }: FragmentStep,
  literals: readonly string[],
  own: ReadonlyMap<string, string>,
): StepDefinition {
  const literal = new Set(literals);
  const rewrite: Rewrite = ({ root, path }) => {
    const name = root.kind === 'step' ? own.get(root.step) : undefined;
    return root.kind === 'step' && name !== undefined ? { root: { ...root, step: name }, path } : undefined;
  };
  const rewritten = (value: JsonObject, isLiteral: (pointer: string) => boolean) =>
    rewriteReferences(value as Json, rewrite, (path) => isLiteral(pointerOf(path))) as JsonObject;
  const { handler, inputs } = step;
  const config = rewritten(handler.config ?? {}, (pointer) => literal.has(pointer));
  const defined = stepWithDefaults({ ...step, handler: { ...handler, config } }, literals);
  return {
    ...defined,
    name: own.get(step.name)!,
    dependencies: defined.dependencies.map((name) => own.get(name)!),
    ...(inputs === undefined ? {} : { inputs: rewritten(inputs, () => false) }),
  };
}
