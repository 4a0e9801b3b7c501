/**
 * Snapshots: a task's state as JSON, so that a long journal need not be folded from its start. A snapshot saves time and
 * decides nothing: whatever it says, the journal up to it says too, and one that cannot be used is left alone.
 *
 * Invariant: for every journal and every cut of it, restoring the snapshot taken at the cut and folding the rest gives,
 * byte for byte, what folding the whole journal gives.
 */
import type { CompiledTemplate } from '../template/types.ts';
import { Fragment, type FragmentRecord, keep } from './planned.ts';
import { emptyTask, type StepState, type TaskHead, type TaskState } from './state.ts';

/**
 * The version of the state that this code folds to. It goes up with every change of `TaskHead`, of `StepState` or of
 * what the fold makes of an event; snapshots of other versions are not read, and nothing converts them.
 */
export const STATE_VERSION = 2;

/**
 * A state as it was at some event. Shares its values with the state, whose steps are replaced and never changed. As JSON,
 * its steps go through `packStep` and `unpackStep`.
 */
export interface TaskSnapshot {
  readonly version: number;
  /** Of the template that the state was folded with. */
  readonly template_digest: string;
  /** Fields that say nothing are left out by JSON. */
  readonly head: TaskHead;
  /** In creation order. */
  readonly steps: readonly StepState[];
  readonly absent: readonly number[];
  /** What plans have added to the template. */
  readonly fragments: readonly FragmentRecord[];
}

/** The snapshot of a state as it is now; what is folded into the state later does not change it. */
export function snapshotOf({ compiled, head, steps, absent, fragments }: TaskState): TaskSnapshot {
  return {
    version: STATE_VERSION,
    template_digest: compiled.digest,
    head: { ...head, count: { ...head.count } },
    steps: [...steps.values()],
    absent: [...absent.keys()],
    fragments: [...fragments.values()].map(({ record }) => record),
  };
}

/**
 * The state that a snapshot was taken of, to fold the rest of the journal onto, or why it cannot be used: it is of
 * another version of the state or of another template. The snapshot is given up with it.
 */
export function restore(
  compiled: CompiledTemplate,
  snapshot: TaskSnapshot,
): { readonly state: TaskState } | { readonly problem: string } {
  if (snapshot.version !== STATE_VERSION) {
    return { problem: `it is of state version ${snapshot.version}; this Weft reads ${STATE_VERSION}` };
  }
  const { digest } = compiled;
  if (snapshot.template_digest !== digest || snapshot.head.template?.digest !== digest) {
    return { problem: `it is of template ${snapshot.template_digest}, not ${digest}` };
  }
  const state = emptyTask(compiled, new Map(), new Map());
  Object.assign(state.head, snapshot.head);
  for (const step of snapshot.steps) state.steps.set(step.id, step);
  for (const index of snapshot.absent) state.absent.set(index, true);
  for (const record of snapshot.fragments) keep(state, new Fragment(record));
  return { state };
}
