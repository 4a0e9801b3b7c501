import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { StepGraph } from './graph.ts';

/** Checks that each fan-out has the one step that works on its items, and each such step its fan-out. */
export function checkBatches(graph: StepGraph): readonly Diagnostic[] {
  return graph.steps.flatMap(({ type }, at) => {
    if (type === 'batchable') return checkFanOut(graph, at);
    return type === 'batch_worker' ? checkWorker(graph, at) : [];
  });
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
