import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json } from '../json.ts';
import { valueAt } from '../reference/resolve.ts';
import { RETRY_DEFAULTS } from '../template/defaults.ts';
import type { StepGraph } from '../validation/graph.ts';
import type { Reviewed } from '../validation/pipeline.ts';
import { BOUND_NAMES, type BoundName, type FragmentBounds } from './types.ts';

/** What one step can come to, and the fragment because of it. */
interface Load {
  /** Runs of the step itself: itself, or its workers. */
  readonly runs: number;
  readonly calls: number;
  readonly cost_usd: number;
}

/** The bounds of a fragment and what they are made of. */
export interface Computed {
  readonly bounds: FragmentBounds;
  readonly loads: readonly Load[];
  /** Steps on the longest way to each step, itself counted; 0 in and after cycles. */
  readonly depths: readonly number[];
}

/** Works out what a fragment can come to at the most: every decision taken, every item there, every attempt used up. */
export function computeBounds({ review, graph }: Reviewed): Computed {
  const depths = depthsOf(graph);
  const loads = graph.steps.map((step, at): Load => {
    const runs = step.type === 'batch_worker' ? itemsFor(graph, at) : 1;
    const calls = runs * attemptsOf(review.document, step.index);
    return { runs, calls, cost_usd: calls * (step.entry?.capability.resources?.costPerCallUsd ?? 0) };
  });
  const total = (key: keyof Load) => loads.reduce((sum, load) => sum + load[key], 0);
  // A batch is a step of its own beside its workers, and is never run.
  const batches = graph.steps.filter(({ type }) => type === 'batch_worker').length;
  const bounds = {
    steps: total('runs') + batches,
    depth: Math.max(0, ...depths),
    fan_out: Math.max(0, ...graph.steps.map((_, at) => widthOf(graph, at))),
    calls: total('calls'),
    // A millionth of a thousandth: what the sum of binary fractions is off by is not told.
    cost_usd: Math.round(total('cost_usd') * 1e9) / 1e9,
  };
  return { bounds, loads, depths };
}

function depthsOf({ dependencies, order }: StepGraph): readonly number[] {
  const depths = dependencies.map(() => 0);
  for (const at of order) {
    depths[at] = 1 + dependencies[at]!.reduce((deepest, before) => Math.max(deepest, depths[before]!), 0);
  }
  return depths;
}

/** The items a worker's fan-out may give. */
function itemsFor(graph: StepGraph, worker: number): number {
  return graph.dependencies[worker]!.reduce((most, before) => Math.max(most, widthOf(graph, before)), 0);
}

function widthOf({ steps }: StepGraph, at: number): number {
  const { type, max_items = 0 } = steps[at]!;
  return type === 'batchable' && Number.isSafeInteger(max_items) ? Math.max(0, max_items) : 0;
}

function attemptsOf(document: Json, index: number): number {
  const written = valueAt(document, ['steps', index, 'retry', 'max_attempts']);
  return Number.isSafeInteger(written) ? Math.max(1, written as number) : RETRY_DEFAULTS.max_attempts;
}

/** What a fragment may come to. */
export interface Allowed {
  /** Of the planning step. */
  readonly bounds: Partial<FragmentBounds>;
  /** What the task's budget has left. */
  readonly remaining: Partial<FragmentBounds>;
}

/** Holds what a fragment can come to against what it may, and against what it says of itself. */
export function checkBounds(reviewed: Reviewed, computed: Computed, allowed: Allowed): readonly Diagnostic[] {
  return BOUND_NAMES.flatMap((name) => {
    const excess = checkAllowed(name, reviewed.graph, computed, allowed);
    return excess.length > 0 ? excess : checkDeclared(name, reviewed.review.document, computed.bounds[name]);
  });
}

function checkDeclared(name: BoundName, document: Json, got: number): readonly Diagnostic[] {
  const declared = valueAt(document, ['resource_bounds', `max_${name}`]);
  if (typeof declared !== 'number' || got <= declared) return [];
  const message = `the plan can come to ${amount(name, got)}, and says that it needs at most ${declared}`;
  const suggestion = `write ${got}, or plan less`;
  const pointer = `/resource_bounds/max_${name}`;
  return [diagnose('bound_understated', { pointer, message, expected: got, got: declared, suggestion })];
}

function checkAllowed(name: BoundName, graph: StepGraph, computed: Computed, allowed: Allowed): readonly Diagnostic[] {
  const bound = allowed.bounds[name] ?? Number.POSITIVE_INFINITY;
  const left = allowed.remaining[name] ?? Number.POSITIVE_INFINITY;
  const limit = Math.max(0, Math.min(bound, left));
  const got = computed.bounds[name];
  if (got <= limit) return [];
  const code: DiagnosticCode = left < bound ? 'budget_exceeded' : 'bound_exceeded';
  const who = code === 'budget_exceeded' ? "the task's budget has" : 'the planning step allows';
  const rest = code === 'budget_exceeded' ? `${limit} left` : `${limit}`;
  return PLACES[name](graph, computed, limit).map(({ pointer, got: own = got, suggestion }) => {
    const message = `the plan can come to ${amount(name, own)}, and ${who} ${rest}`;
    return diagnose(code, { pointer, message, expected: limit, got: own, suggestion });
  });
}

function amount(name: BoundName, value: number): string {
  return {
    steps: `${value} steps`,
    depth: `${value} steps one after the other`,
    fan_out: `${value} items in a fan-out`,
    calls: `${value} calls of handlers`,
    cost_usd: `$${value}`,
  }[name];
}

interface Place {
  readonly pointer: string;
  readonly got?: number;
  readonly suggestion: string;
}

/** Where the excess is best cut. */
const PLACES: Record<BoundName, (graph: StepGraph, computed: Computed, limit: number) => readonly Place[]> = {
  steps(graph, { bounds }, limit) {
    const over = bounds.steps - limit;
    const widest = heaviest(graph.steps.map((_, at) => widthOf(graph, at)));
    if (widest === undefined || widthOf(graph, widest) < over) {
      return [{ pointer: '/steps', suggestion: `leave ${over} steps out` }];
    }
    const { pointer, name } = graph.steps[widest]!;
    const suggestion = `write ${widthOf(graph, widest) - over} or less as max_items of "${name}", or leave steps out`;
    return [{ pointer: `${pointer}/max_items`, suggestion }];
  },
  depth(graph, { depths }) {
    const deepest = heaviest(depths)!;
    const suggestion = 'let steps that do not need each other depend on the same step, or join two into one';
    return [{ pointer: graph.steps[deepest]!.pointer, suggestion }];
  },
  fan_out(graph, _, limit) {
    return graph.steps.flatMap(({ pointer }, at) => {
      const got = widthOf(graph, at);
      return got > limit ? [{ pointer: `${pointer}/max_items`, got, suggestion: `write ${limit} or less` }] : [];
    });
  },
  calls(graph, { loads }) {
    return [cheaper(graph, heaviest(loads.map(({ calls }) => calls))!)];
  },
  cost_usd(graph, { loads }) {
    return [cheaper(graph, heaviest(loads.map(({ cost_usd }) => cost_usd))!)];
  },
};

function cheaper({ steps, dependencies }: StepGraph, at: number): Place {
  const { pointer, name, type } = steps[at]!;
  const fanOut = type === 'batch_worker' ? steps[dependencies[at]![0] ?? at]!.name : undefined;
  const suggestion =
    fanOut === undefined
      ? `"${name}" takes most: give it fewer attempts ("retry": {"max_attempts": 1}), or leave it out`
      : `"${name}" takes most: give "${fanOut}" fewer max_items, or it fewer attempts`;
  return { pointer, suggestion };
}

/** The position of the largest number, the first of equals; undefined when none is above 0. */
function heaviest(numbers: readonly number[]): number | undefined {
  const most = Math.max(0, ...numbers);
  return most > 0 ? numbers.indexOf(most) : undefined;
}
