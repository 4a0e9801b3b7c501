import fc from 'fast-check';
import { satisfies } from '../../host/catalog/catalog.ts';
import { sha256 } from '../../host/digest.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import { arbitraryTemplate } from '../../testing/arbitrary_template.ts';
import { type ExecutedGraph, executedGraph } from '../../testing/simulator/executed_graph.ts';
import { runWorld } from '../../testing/simulator/simulate.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Capability } from '../capability/types.ts';
import type { Json } from '../json.ts';
import { compileTemplate } from './compile.ts';
import { graphView, type TemplateGraph } from './graph.ts';
import type { CompiledTemplate, Template } from './types.ts';

const RUNS = 400;
const test = suite('the graph of a template');

const capability = { name: 'simulated', version: '1.0.0', configSchema: {}, inputSchema: {}, outputSchema: {} };
const entry = {
  name: 'simulated',
  version: '1.0.0',
  digest: 'simulated',
  capability: capability as unknown as Capability,
};
const env = { catalog: [entry], satisfies, compiler: hostSchemaCompiler(), digest: sha256 };

function compile(document: Json): CompiledTemplate {
  const { compiled, diagnostics } = compileTemplate(document, env);
  assert.ok(compiled !== undefined, JSON.stringify(diagnostics));
  return compiled!;
}

/**
 * The graph shown (`graphView`, what `weft template graph` prints) against the graph executed (`executedGraph`, what a
 * journal says). They are equal when
 *  1. every created step is a shown node, created once; those a decision created are gated, all others are not, and
 *     every node that is not gated was created; no created node is excluded;
 *  2. the executed edges are exactly the shown edges between two created steps: every executed edge is shown, and
 *     every shown edge whose ends exist was executed;
 *  3. no step started before each executed edge's origin was over, edges of convergence and of batches included;
 *  4. what a decision chose is shown as `decision` edges from it; of these, a chosen target that exists was chosen by
 *     every decision it has such an edge from, and one that was not chosen does not exist;
 *  5. a `deferred` node exists exactly when one of those it has edges from does, once all of these are settled;
 *  6. each batch is of a shown `batchable` node and of the one `batch_worker` that is shown behind it;
 *  7. when the task completed, every node was created or excluded.
 * The journal is of a task that anything may have happened to: crashes, lost messages, people.
 */
function checkEqual(shown: TemplateGraph, executed: ExecutedGraph): void {
  const created = new Set(executed.created);
  const excluded = new Set(executed.excluded.map((index) => shown.nodes[index]!.name));
  assert.is(created.size, executed.created.length, 'each step is created once');
  for (const { name, gated } of shown.nodes) {
    assert.ok(gated || created.has(name), `${name} is not gated and exists`);
    assert.ok(!(created.has(name) && excluded.has(name)), `${name} is created or excluded, not both`);
    assert.is(executed.by_decision.includes(name), gated && created.has(name), `a decision created ${name}`);
    if (executed.completed) assert.ok(created.has(name) || excluded.has(name), `${name} is settled`);
  }

  const between = shown.edges.filter(({ from, to }) => created.has(from) && created.has(to));
  assert.equal(pairs(executed.edges), pairs(between), 'executed edges are the shown ones between created steps');
  assert.equal(executed.ignored, [], 'every executed edge was kept');

  for (const [decision, names] of executed.branches) {
    const choices = shown.edges.filter(({ from, kind }) => from === decision && kind === 'decision');
    for (const name of names)
      assert.ok(
        choices.some(({ to }) => to === name),
        `${decision} → ${name} is shown`,
      );
    for (const { to } of choices) assert.ok(names.includes(to) || !created.has(to), `${to} was not chosen`);
  }
  for (const { from, to, kind } of between) {
    if (kind === 'decision' && executed.branches.has(from)) assert.ok(executed.branches.get(from)!.includes(to));
  }
  for (const { name, type, gated } of shown.nodes) {
    const origins = shown.edges.filter(({ to }) => to === name).map(({ from }) => from);
    const settled = origins.every((origin) => created.has(origin) || excluded.has(origin));
    if (type !== 'deferred' || !gated || !settled || !executed.completed) continue;
    assert.is(
      created.has(name),
      origins.some((origin) => created.has(origin)),
      `${name} waits for those that exist`,
    );
  }

  const typeOf = new Map(shown.nodes.map(({ name, type }) => [name, type]));
  for (const { fan_out, worker } of executed.batches) {
    assert.equal([typeOf.get(fan_out), typeOf.get(worker)], ['batchable', 'batch_worker']);
    const behind = shown.edges.filter(({ from, to }) => from === fan_out && typeOf.get(to) === 'batch_worker');
    assert.equal(pairs(behind), [`${fan_out} → ${worker}`]);
  }
}

function difference(shown: TemplateGraph, executed: ExecutedGraph): string {
  try {
    checkEqual(shown, executed);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

function pairs(edges: readonly { readonly from: string; readonly to: string }[]): readonly string[] {
  return edges.map(({ from, to }) => `${from} → ${to}`).sort();
}

test('a compiled template terminates in every world, and the graph shown equals the graph executed', () => {
  const types = new Set<string>();
  const kinds = new Set<string>();
  let batches = 0;
  let excluded = 0;
  fc.assert(
    fc.property(arbitraryTemplate, fc.nat(), (document, seed) => {
      const compiled = compile(document);
      const shown = graphView(compiled);
      const { world } = runWorld(seed, compiled.template);
      const executed = executedGraph(world.journal);
      checkEqual(shown, executed);
      for (const { type } of shown.nodes) types.add(type);
      for (const { kind } of shown.edges) kinds.add(kind);
      batches += executed.batches.length;
      excluded += executed.excluded.length;
    }),
    { numRuns: RUNS },
  );
  assert.equal([...types].sort(), ['batch_worker', 'batchable', 'decision', 'deferred', 'standard']);
  assert.equal([...kinds].sort(), ['decision', 'deferred', 'dependency']);
  assert.ok(batches > 0 && excluded > 0, 'it came to batches and to paths that were not taken');
});

test('an edge that is shown and not executed, or executed and not shown, is not equal', () => {
  const names = (index: number) => `s${index}`;
  const document = {
    name: 'diamond',
    steps: [[], [0], [0], [1, 2]].map((of, index) => ({
      name: names(index),
      handler: { catalog: 'simulated' },
      dependencies: of.map(names),
    })),
  };
  const { template } = compile(document);
  const executed = executedGraph(runWorld(1, template).world.journal);
  const shown = graphView(compile(document));
  checkEqual(shown, executed);
  const without: TemplateGraph = { ...shown, edges: shown.edges.slice(1) };
  assert.match(difference(without, executed), 'executed edges');
  const more: TemplateGraph = { ...shown, edges: [...shown.edges, { from: 's0', to: 's3', kind: 'dependency' }] };
  assert.match(difference(more, executed), 'executed edges');
  const fewer: Template = { ...template, steps: template.steps.slice(0, 3) };
  assert.match(difference(shown, executedGraph(runWorld(1, fewer).world.journal)), 's3 is not gated');
});
