import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { ancestry, buildGraph, findCycles, type StepGraph } from './graph.ts';
import { readReview } from './read_review.ts';

const test = suite('validation: graph');

function graphOf(dependencies: readonly (readonly number[])[]): StepGraph {
  const steps = dependencies.map((targets, index) => ({
    name: `s${index}`,
    dependencies: targets.map((to) => `s${to}`),
  }));
  return buildGraph(readReview({ steps }).steps);
}

/** Any graph at all: loops, circles, islands. */
const anyGraph = fc
  .nat({ max: 12 })
  .chain((size) =>
    fc.array(fc.array(fc.nat({ max: size }), { maxLength: 4 }), { minLength: size + 1, maxLength: size + 1 }),
  )
  .map(graphOf);

function reaches({ dependencies }: StepGraph, from: number, to: number): boolean {
  const seen = new Set(dependencies[from]);
  for (const at of seen) for (const next of dependencies[at]!) seen.add(next);
  return seen.has(to);
}

test('orders each step after its dependencies, and leaves out exactly what is in or after a cycle', () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const place = new Map(graph.order.map((step, at) => [step, at]));
      for (const [step, targets] of graph.dependencies.entries()) {
        const looping = [step, ...graph.dependencies.keys()].some(
          (other) => (other === step || reaches(graph, step, other)) && reaches(graph, other, other),
        );
        assert.is(place.has(step), !looping);
        if (!looping) for (const target of targets) assert.ok(place.get(target)! < place.get(step)!);
      }
    }),
    { numRuns: 1000 },
  );
});

test('knows what comes before what', () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const isBefore = ancestry(graph);
      for (const step of graph.order) {
        for (const other of graph.dependencies.keys()) assert.is(isBefore(other, step), reaches(graph, step, other));
      }
    }),
    { numRuns: 500 },
  );
});

test('names cycles that are cycles, and without their closing edges nothing loops', () => {
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const cycles = findCycles(graph);
      const cut = new Set<string>();
      for (const cycle of cycles) {
        assert.is(new Set(cycle).size, cycle.length);
        for (const [at, step] of cycle.entries()) {
          const next = cycle[(at + 1) % cycle.length]!;
          assert.ok(graph.dependencies[step]!.includes(next));
        }
        cut.add(`${cycle.at(-1)} ${cycle[0]}`);
      }
      assert.is(cut.size, cycles.length, 'no edge closes two of them');
      const rest = graph.dependencies.map((targets, step) => targets.filter((target) => !cut.has(`${step} ${target}`)));
      assert.is(graphOf(rest).order.length, graph.dependencies.length);
    }),
    { numRuns: 1000 },
  );
});

test('finds a circle of 10,000 steps, and the first 50 of many', () => {
  const size = 10_000;
  assert.is(findCycles(graphOf(Array.from({ length: size }, (_, at) => [(at + 1) % size])))[0]!.length, size);
  const pairs = Array.from({ length: 200 }, (_, at) => [at ^ 1]);
  assert.is(findCycles(graphOf(pairs)).length, 50);
});
