import type { ReviewedStep } from './review.ts';

/** The steps of a review and how they depend on each other, by position in `steps`; only edges that lead somewhere. */
export interface StepGraph {
  readonly steps: readonly ReviewedStep[];
  /** The first step of each name. */
  readonly named: ReadonlyMap<string, number>;
  readonly dependencies: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
  /** Each step after its dependencies; steps in a cycle, or after one, are not in it. */
  readonly order: readonly number[];
}

/** Lays the graph out. O(V + E). */
export function buildGraph(steps: readonly ReviewedStep[]): StepGraph {
  const named = new Map<string, number>();
  for (const [at, { name }] of steps.entries()) if (name !== undefined && !named.has(name)) named.set(name, at);
  const dependencies = steps.map((step, at) => {
    const found = new Set(step.dependencies.map(({ name }) => named.get(name)));
    return [...found].filter((dependency) => dependency !== undefined && dependency !== at) as number[];
  });
  const dependents: number[][] = steps.map(() => []);
  for (const [at, targets] of dependencies.entries()) for (const target of targets) dependents[target]!.push(at);
  return { steps, named, dependencies, dependents, order: topologicalOrder(dependencies, dependents) };
}

/** Kahn's algorithm: takes away what waits for nothing until only cycles and what comes after them are left. */
function topologicalOrder(
  dependencies: readonly (readonly number[])[],
  dependents: readonly (readonly number[])[],
): readonly number[] {
  const unmet = dependencies.map((targets) => targets.length);
  const order = unmet.flatMap((count, at) => (count === 0 ? [at] : []));
  for (const at of order) for (const dependent of dependents[at]!) if (--unmet[dependent]! === 0) order.push(dependent);
  return order;
}

/** Longer lists of dependencies are not searched for each question. */
const DIRECT_MAX = 32;

/** Answers whether a step comes before another, directly or through others; undefined inside and after cycles. */
export function ancestry({ dependencies, order }: StepGraph): (ancestor: number, step: number) => boolean | undefined {
  const words = Math.ceil(dependencies.length / 32);
  // One bit for each pair: built once, and only when somebody asks for more than a direct dependency.
  let ancestors: Map<number, Uint32Array> | undefined;
  const build = () => {
    const sets = new Map<number, Uint32Array>();
    for (const at of order) {
      const own = new Uint32Array(words);
      for (const dependency of dependencies[at]!) {
        const theirs = sets.get(dependency)!;
        for (let word = 0; word < words; word++) own[word]! |= theirs[word]!;
        own[dependency >>> 5]! |= 1 << (dependency & 31);
      }
      sets.set(at, own);
    }
    return sets;
  };
  return (ancestor, step) => {
    const direct = dependencies[step]!;
    if (direct.length <= DIRECT_MAX && direct.includes(ancestor)) return true;
    ancestors ??= build();
    const own = ancestors.get(step);
    return own === undefined ? undefined : (own[ancestor >>> 5]! & (1 << (ancestor & 31))) !== 0;
  };
}

/** So many cycles are named. */
const CYCLES_MAX = 50;

/**
 * Cycles, each as the steps on it in the order of their dependencies, closed by nothing: `[a, b]` means that a depends
 * on b and b on a. One for each edge that a depth-first walk finds leading back, so cutting those edges leaves none.
 */
export function findCycles({ dependencies, order }: StepGraph): readonly (readonly number[])[] {
  const cycles: number[][] = [];
  const done = new Set(order);
  const depth = new Map<number, number>();
  for (let start = 0; start < dependencies.length && cycles.length < CYCLES_MAX; start++) {
    const path: number[] = [];
    const next: number[] = [];
    const enter = (at: number) => {
      depth.set(at, path.length);
      path.push(at);
      next.push(0);
    };
    if (!done.has(start)) enter(start);
    while (path.length > 0) {
      const at = path.at(-1)!;
      const dependency = dependencies[at]![next[next.length - 1]!++];
      if (dependency === undefined) {
        path.pop();
        next.pop();
        depth.delete(at);
        done.add(at);
      } else if (depth.has(dependency)) {
        if (cycles.length < CYCLES_MAX) cycles.push(path.slice(depth.get(dependency)));
      } else if (!done.has(dependency)) enter(dependency);
    }
  }
  return cycles;
}
