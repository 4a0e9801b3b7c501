import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { JsonObject } from '../json.ts';
import { schemaAt, typesCompatible } from '../reference/paths.ts';
import { valueAt } from '../reference/resolve.ts';
import { viewAt } from '../reference/view.ts';
import { nearest } from '../schema/nearest.ts';
import { isObject } from '../schema/walk.ts';
import { buildGraph, type StepGraph } from '../validation/graph.ts';
import type { Reviewed } from '../validation/pipeline.ts';
import { listed } from '../validation/suggestions.ts';
import { existsForCertain } from './existence.ts';

const POINTER = '/convergence/exit_step';

/** Position of the step that a fragment names as its exit; undefined when it names none that there is. */
export function exitOf({ review, graph }: Reviewed): number | undefined {
  const name = valueAt(review.document, ['convergence', 'exit_step']);
  return typeof name === 'string' ? graph.named.get(name) : undefined;
}

/** The exit, or the step that its name was most likely meant to be. */
function meantExit(reviewed: Reviewed): number | undefined {
  const name = valueAt(reviewed.review.document, ['convergence', 'exit_step']);
  const { named } = reviewed.graph;
  return exitOf(reviewed) ?? (typeof name === 'string' ? named.get(nearest(name, named.keys()) ?? '') : undefined);
}

/** Stage `graph`: every step must lead to the exit, for else nobody would see what it does. */
export function checkPaths(reviewed: Reviewed): readonly Diagnostic[] {
  const graph = asMeant(reviewed.graph);
  const { steps, dependents, order } = graph;
  const exit = meantExit(reviewed);
  if (exit === undefined) return [];
  const before = reach([exit], (at) => graph.dependencies[at]!);
  const after = reach([exit], (at) => dependents[at]!);
  const ordered = new Set(order);
  // A step that others wait for is led on by them; what is in a cycle has its diagnostic.
  const lost = steps.flatMap((step, at) => {
    const isLost = !before.has(at) && !after.has(at) && ordered.has(at);
    // What has no name of its own, or cannot be here at all, has its diagnostic.
    const isSound = step.name !== undefined && graph.named.get(step.name) === at && step.type !== 'planning';
    return isLost && isSound && dependents[at]!.every((each) => !ordered.has(each)) ? [step] : [];
  });
  if (lost.length === 0) return [];
  const { name: last, pointer: place } = steps[exit]!;
  const names = lost.map(({ name }) => name!);
  if (before.size === 1 && steps[exit]!.dependencies.length === 0) {
    const message = `no step leads to the exit step "${last}"`;
    const suggestion = `add to the dependencies of "${last}": ${listed(names).join(', ')}`;
    return [diagnose('exit_unreachable', { pointer: place, message, expected: listed(names), suggestion })];
  }
  return lost.map(({ name, pointer }) => {
    const message = `step "${name}" leads nowhere: the exit step "${last}" does not wait for it`;
    const suggestion = `add "${name}" to the dependencies of "${last}", or of a step before it, or remove the step`;
    return diagnose('step_orphaned', { pointer, message, suggestion });
  });
}

/** So many mistyped names are looked up. */
const MEANT_MAX = 100;

/** The graph with mistyped dependencies as they were meant: what follows from them alone is no second mistake. */
function asMeant(graph: StepGraph): StepGraph {
  const names = [...graph.named.keys()];
  let left = MEANT_MAX;
  const meant = (name: string) => (graph.named.has(name) || left-- <= 0 ? name : (nearest(name, names) ?? name));
  const steps = graph.steps.map((step) => ({
    ...step,
    dependencies: step.dependencies.map((each) => ({ ...each, name: meant(each.name) })),
  }));
  return left === MEANT_MAX ? graph : buildGraph(steps);
}

function reach(from: readonly number[], next: (at: number) => readonly number[]): ReadonlySet<number> {
  const reached = new Set(from);
  for (const at of reached) for (const each of next(at)) reached.add(each);
  return reached;
}

/** Stage `convergence`: the exit is one step, the last, that is certain to exist, with an output as promised. */
export function checkConvergence(reviewed: Reviewed, output: JsonObject | undefined): readonly Diagnostic[] {
  const exit = exitOf(reviewed);
  if (exit === undefined) return checkUnknown(reviewed);
  const placed = checkPlace(reviewed, exit);
  if (placed !== undefined) return [placed];
  return [...checkExistence(reviewed, exit), ...(output === undefined ? [] : checkOutput(reviewed, exit, output))];
}

function checkUnknown({ review, graph }: Reviewed): readonly Diagnostic[] {
  const name = valueAt(review.document, ['convergence', 'exit_step']);
  // That it is missing is the schema's to say.
  if (typeof name !== 'string') return [];
  const names = [...graph.named.keys()];
  const near = nearest(name, names);
  const ends = endsOf(graph);
  const suggestion =
    near === undefined
      ? `name the step that comes last: ${ends.join(', ') || 'there is none'}`
      : `did you mean "${near}"?`;
  const message = `there is no step "${name}"`;
  return [diagnose('exit_unknown', { pointer: POINTER, message, expected: listed(ends), got: name, suggestion })];
}

/** Names of the steps that none depends on. */
function endsOf({ steps, dependents }: StepGraph): readonly string[] {
  return listed(steps.flatMap(({ name }, at) => (name !== undefined && dependents[at]!.length === 0 ? [name] : [])));
}

function checkPlace({ graph }: Reviewed, exit: number): Diagnostic | undefined {
  const { name, type } = graph.steps[exit]!;
  const why = type === undefined ? undefined : NO_EXIT[type];
  if (why !== undefined) {
    const suggestion = `let a standard step depend on "${name}", as one of "aggregate", and name that as exit_step`;
    const message = `step "${name}" cannot be the exit: ${why}`;
    return diagnose('exit_not_possible', { pointer: POINTER, message, got: type!, suggestion });
  }
  const after = graph.dependents[exit]!.map((at) => graph.steps[at]!.name!);
  if (after.length === 0) return undefined;
  const ends = endsOf(graph);
  const message = `step "${name}" is not the last: ${listed(after).join(', ')} ${after.length === 1 ? 'depends' : 'depend'} on it`;
  const suggestion =
    ends.length === 1 ? `name "${ends[0]}", which comes last` : 'name the one step that all others lead to, or add it';
  return diagnose('exit_not_last', { pointer: POINTER, message, expected: ends, got: name!, suggestion });
}

/** Types whose steps have no one result of their own. */
const NO_EXIT: Readonly<Record<string, string>> = {
  batch_worker: 'a batch has the results of its workers and none of its own',
  batchable: 'a fan-out gives items to its workers, which come after it',
  decision: 'a decision chooses steps, which come after it',
};

function checkExistence(reviewed: Reviewed, exit: number): readonly Diagnostic[] {
  const graph = asMeant(reviewed.graph);
  if (graph.order.length < graph.steps.length || existsForCertain({ ...reviewed, graph }, exit)) return [];
  const { name, type, pointer } = graph.steps[exit]!;
  const suggestion =
    type === 'deferred'
      ? `let "${name}" depend on every step that a decision may choose, or on one that always exists`
      : `write "type": "deferred" for "${name}", and let it depend on every step that a decision may choose`;
  const message = `exit step "${name}" may never exist: a decision before it may choose a way that does not lead to it`;
  return [diagnose('exit_may_not_exist', { pointer, message, suggestion })];
}

/** Only what is certain: keys that the result never has, and types that never fit. */
function checkOutput({ graph }: Reviewed, exit: number, output: JsonObject): readonly Diagnostic[] {
  const { entry, name } = graph.steps[exit]!;
  const given = entry?.capability.outputSchema;
  if (given === undefined) return [];
  const told = (problem: string) => {
    const message = `the plan's output must meet the planning step's output_schema, and the result of "${name}" ${problem}`;
    const suggestion = 'end with a step whose result has that form, as one of "transform"';
    return diagnose('exit_output_mismatch', { pointer: POINTER, message, expected: output, suggestion });
  };
  if (typesCompatible(viewOf(given), viewOf(output)) === 'no') return [told('is never of that type')];
  const { required, properties } = output;
  const missing = (Array.isArray(required) ? required : []).flatMap((key) =>
    typeof key === 'string' && viewAt(given, [key]).possible === 'no' ? [told(`never has the key "${key}"`)] : [],
  );
  const mistyped = Object.keys(isObject(properties) ? properties : {}).flatMap((key) => {
    const [from, to] = [schemaAt(given, [key]), schemaAt(output, [key])];
    const never = from !== undefined && to !== undefined && typesCompatible(from, to) === 'no';
    return never ? [told(`has another type at "${key}"`)] : [];
  });
  return [...missing, ...mistyped];
}

/** What a schema says of the value itself. */
function viewOf(schema: JsonObject): JsonObject {
  return schemaAt(schema, []) ?? {};
}
