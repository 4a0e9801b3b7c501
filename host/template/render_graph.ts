import type { GraphEdge, GraphNode, TemplateGraph } from '../../kernel/template/graph.ts';

/** How a template's graph can be drawn. */
export const GRAPH_RENDERERS = {
  text: renderText,
  dot: renderDot,
  mermaid: renderMermaid,
} as const satisfies Record<string, (graph: TemplateGraph) => string>;

/**
 * One line for each step, in the order in which they can run: its rank (steps of one rank can run side by side), what
 * performs it, and what it follows.
 */
function renderText(graph: TemplateGraph): string {
  const { ranks, incoming } = layOut(graph);
  const nodes = graph.nodes.toSorted((a, b) => ranks.get(a.name)! - ranks.get(b.name)!);
  const rows = nodes.map((node) => [
    String(ranks.get(node.name)),
    node.name,
    node.type === 'standard' ? '' : node.type,
    node.handler,
    follows(incoming.get(node.name) ?? []),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return `${[`${graph.name} ${graph.version}`, ...lines.map((line) => line.trimEnd())].join('\n')}\n`;
}

function follows(edges: readonly GraphEdge[]): string {
  const of = (kind: GraphEdge['kind']) => edges.filter((edge) => edge.kind === kind).map(({ from }) => from);
  const [after, chosen, deferred] = [of('dependency'), of('decision'), of('deferred')];
  return [
    after.length === 0 ? '' : `after ${after.join(', ')}`,
    chosen.length === 0 ? '' : `if chosen by ${chosen.join(', ')}`,
    deferred.length === 0 ? '' : `after those that exist of ${deferred.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** A step's rank is one more than the highest of those it follows. Edges come in template order, so a queue it is. */
function layOut({ nodes, edges }: TemplateGraph) {
  const incoming = Map.groupBy(edges, ({ to }) => to);
  const outgoing = Map.groupBy(edges, ({ from }) => from);
  const waiting = new Map(nodes.map(({ name }) => [name, incoming.get(name)?.length ?? 0]));
  const ranks = new Map(nodes.map(({ name }) => [name, 1]));
  const ready = nodes.filter(({ name }) => waiting.get(name) === 0).map(({ name }) => name);
  for (const name of ready) {
    for (const { to } of outgoing.get(name) ?? []) {
      ranks.set(to, Math.max(ranks.get(to)!, ranks.get(name)! + 1));
      waiting.set(to, waiting.get(to)! - 1);
      if (waiting.get(to) === 0) ready.push(to);
    }
  }
  return { ranks, incoming };
}

const EDGE_LABELS: Record<GraphEdge['kind'], string> = {
  dependency: '',
  decision: 'if chosen',
  deferred: 'if it exists',
};

/** Graphviz: decisions are diamonds, what a decision settles is dashed. https://graphviz.org/doc/info/lang.html */
function renderDot({ name, nodes, edges }: TemplateGraph): string {
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const lines = [
    ...nodes.map((node) => {
      const shape = node.type === 'decision' ? ', shape=diamond' : '';
      const style = node.gated ? ', style=dashed' : '';
      return `  ${quote(node.name)} [label=${quote(node.name).slice(0, -1)}\\n${quote(node.handler).slice(1)}${shape}${style}];`;
    }),
    ...edges.map(({ from, to, kind }) => {
      const label = kind === 'dependency' ? '' : ` [label=${quote(EDGE_LABELS[kind])}, style=dashed]`;
      return `  ${quote(from)} -> ${quote(to)}${label};`;
    }),
  ];
  return `digraph ${quote(name)} {\n  rankdir=LR;\n  node [shape=box];\n${lines.join('\n')}\n}\n`;
}

/** Mermaid, as Markdown viewers draw it. https://mermaid.js.org/syntax/flowchart.html */
function renderMermaid({ nodes, edges }: TemplateGraph): string {
  const ids = new Map(nodes.map(({ name }, index) => [name, `s${index}`]));
  const text = (value: string) => value.replace(/[^A-Za-z0-9 _.-]/g, (char) => `#${char.codePointAt(0)};`);
  const label = ({ name, handler }: GraphNode) => `"${text(name)}<br/>${text(handler)}"`;
  const lines = [
    ...nodes.map((node) => {
      const [open, close] = node.type === 'decision' ? ['{', '}'] : ['[', ']'];
      return `  ${ids.get(node.name)}${open}${label(node)}${close}`;
    }),
    ...edges.map(({ from, to, kind }) => {
      const arrow = kind === 'dependency' ? '-->' : `-. ${EDGE_LABELS[kind]} .->`;
      return `  ${ids.get(from)} ${arrow} ${ids.get(to)}`;
    }),
  ];
  return `flowchart LR\n${lines.join('\n')}\n`;
}
