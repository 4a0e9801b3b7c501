import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { StepGraph } from './graph.ts';
import type { Review, ReviewedStep } from './review.ts';

/**
 * Checks that each fan-out has the one step that works on its items, and each such step its fan-out; and that those of
 * a plan, for which nobody vouches, say how many items they may have.
 */
export function checkBatches(graph: StepGraph, { plan }: Review): readonly Diagnostic[] {
  return graph.steps.flatMap((step, at) => {
    const own = step.type === 'batchable' ? checkFanOut(graph, at) : [];
    const worker = step.type === 'batch_worker' ? checkWorker(graph, at) : [];
    return [...own, ...worker, ...checkMaxItems(step, plan !== undefined)];
  });
}

function checkMaxItems({ name, type, pointer, max_items }: ReviewedStep, isNeeded: boolean): Diagnostic[] {
  if (name === undefined || type === undefined) return [];
  if (type === 'batchable' && max_items === undefined && isNeeded) {
    const message = `fan-out "${name}" does not say how many items it may give`;
    const suggestion = 'write "max_items" beside "type", as max_items: 100';
    return [diagnose('max_items_missing', { pointer, message, suggestion })];
  }
  if (type === 'batchable' || max_items === undefined) return [];
  const message = `step "${name}" is of type ${type}, which gives no items`;
  const suggestion = 'remove "max_items", or write "type: batchable"';
  return [diagnose('max_items_misplaced', { pointer: `${pointer}/max_items`, message, suggestion })];
}

function checkFanOut({ steps, dependents }: StepGraph, at: number): Diagnostic[] {
  const { name, pointer } = steps[at]!;
  const workers = dependents[at]!.filter((dependent) => steps[dependent]!.type === 'batch_worker');
  if (name === undefined || workers.length === 1) return [];
  const suggestion =
    workers.length === 0
      ? `add a step of type batch_worker whose only dependency is "${name}"`
      : `keep one; give the others a fan-out of their own`;
  const message = `fan-out "${name}" has ${workers.length} steps of type batch_worker; it needs exactly one`;
  return [diagnose('batch_workers_miscounted', { pointer, message, suggestion })];
}

function checkWorker({ steps, dependencies }: StepGraph, at: number): Diagnostic[] {
  const { name, pointer, dependencies: written } = steps[at]!;
  const [fanOut] = dependencies[at]!;
  const fits = written.length === 1 && fanOut !== undefined && steps[fanOut]!.type === 'batchable';
  if (name === undefined || fits) return [];
  return [
    diagnose('batch_worker_misplaced', {
      pointer,
      message: `worker "${name}" must depend on one step of type batchable and on nothing else`,
      suggestion: 'let the fan-out wait for what the worker needs: a worker may refer to whatever its fan-out may',
    }),
  ];
}
