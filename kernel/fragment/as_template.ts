import type { Json, JsonObject } from '../json.ts';
import { localName } from '../reference/names.ts';
import { type Rewrite, rewriteReferences } from '../reference/rewrite.ts';
import { pointerOf } from '../schema/pointer.ts';
import { TEMPLATE_DEFAULTS } from '../template/defaults.ts';
import type { StepDefinition, Template } from '../template/types.ts';
import type { ValidFragment } from './types.ts';

/**
 * The steps of a fragment as a template of their own, for running them without their frame. Names are local, and what
 * the steps refer to outside of the fragment is in the context: `{context, steps: {<name>: {result, results, status,
 * error}}, plans: {<name>: output}}`.
 */
export function fragmentAsTemplate({ steps, graph }: ValidFragment): Template {
  const own = new Map(steps.map(({ definition: { name } }) => [name, localName(name)]));
  const rewrite: Rewrite = ({ root, path }) => {
    if (root.kind === 'task_context') return { root, path: ['context', ...path] };
    if (root.kind === 'plan') return { root: { kind: 'task_context' }, path: ['plans', root.step, ...path] };
    if (root.kind !== 'step') return undefined;
    const name = own.get(root.step);
    if (name !== undefined) return { root: { ...root, step: name }, path };
    return { root: { kind: 'task_context' }, path: ['steps', root.step, root.part, ...path] };
  };
  const definitions = steps.map(({ definition }): StepDefinition => {
    const { name, dependencies, handler, inputs } = definition;
    const literal = new Set(handler.literals);
    const rewritten = (value: JsonObject, isLiteral: (pointer: string) => boolean) =>
      rewriteReferences(value as Json, rewrite, (path) => isLiteral(pointerOf(path))) as JsonObject;
    return {
      ...definition,
      name: own.get(name)!,
      dependencies: dependencies.map((each) => own.get(each)!),
      handler: { ...handler, config: rewritten(handler.config, (pointer) => literal.has(pointer)) },
      ...(inputs === undefined ? {} : { inputs: rewritten(inputs, () => false) }),
    };
  });
  return { ...TEMPLATE_DEFAULTS, name: graph.name, steps: definitions };
}
