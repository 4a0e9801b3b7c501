import type { CompiledStep, CompiledTemplate } from './types.ts';

/** A template's graph for people and programs: nodes in template order, edges by their end. */
export interface TemplateGraph {
  readonly name: string;
  readonly version: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A step. `gated`: whether it exists depends on a decision. */
export interface GraphNode {
  readonly name: string;
  readonly type: string;
  readonly handler: string;
  readonly gated: boolean;
}

/**
 * An edge to a step from one it depends on: `decision` when the former must be named for the latter to exist,
 * `deferred` when it is only waited for if it exists.
 */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'dependency' | 'decision' | 'deferred';
}

/** The graph of a compiled template, as plain data. */
export function graphView({ template, steps }: CompiledTemplate): TemplateGraph {
  return { name: template.name, version: template.version, ...graphOf(steps) };
}

/** The graph of compiled steps, of a template or of a plan. */
export function graphOf(steps: readonly CompiledStep[]): Pick<TemplateGraph, 'nodes' | 'edges'> {
  return {
    nodes: steps.map(({ definition: { name, type, handler }, gated }) => ({
      name,
      type,
      handler: handler.catalog,
      gated,
    })),
    edges: steps.flatMap(({ definition: to, dependencies }) =>
      dependencies.map((index) => {
        const from = steps[index]!.definition;
        const kind = to.type === 'deferred' ? 'deferred' : from.type === 'decision' ? 'decision' : 'dependency';
        return { from: from.name, to: to.name, kind } as const;
      }),
    ),
  };
}
