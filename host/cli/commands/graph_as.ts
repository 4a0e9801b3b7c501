import type { TemplateGraph } from '../../../kernel/template/graph.ts';
import { GRAPH_RENDERERS } from '../../template/render_graph.ts';
import type { Output } from '../output.ts';
import { usage } from '../parse.ts';

/** The option by which graphs are drawn. */
export const GRAPH_AS = {
  as: { value: 'text|dot|mermaid', doc: 'Draw it: for a terminal, for Graphviz, for Markdown.' },
} as const;

/** Prints a graph: drawn as asked, otherwise as the output option has it. @throws usage_invalid */
export function renderGraphAs(graph: TemplateGraph, as: string | undefined, output: Output): void {
  if (as === undefined) output.value(graph, () => GRAPH_RENDERERS.text(graph));
  else output.text(rendererNamed(as)(graph));
}

function rendererNamed(name: string) {
  if (Object.hasOwn(GRAPH_RENDERERS, name)) return GRAPH_RENDERERS[name as keyof typeof GRAPH_RENDERERS];
  throw usage(`--as takes ${Object.keys(GRAPH_RENDERERS).join(', ')}, not "${name}"`);
}
