/** Where a process may die; `host/faults.ts` and the store pass these points. */
export const CRASH_POINTS = [
  'store.before_commit',
  'store.in_transaction',
  'store.after_commit_before_resolve',
  'orchestrator.before_publish',
  'orchestrator.after_publish',
  'broker.claimed',
  'broker.before_result',
  'broker.after_result',
] as const;

/** What a batch is at when it happens: the commit of a fan-out, of a worker's result, of the last one. */
export const BATCH_PHASES = {
  creation: 'orchestrator.batch_created',
  execution: 'orchestrator.batch_worker_recorded',
  aggregation: 'orchestrator.batch_converged',
} as const;

export type BatchPhase = keyof typeof BATCH_PHASES;

const PHASES = Object.keys(BATCH_PHASES) as readonly BatchPhase[];

/** A death at the first pass of a point after a batch is in a phase for the n-th time. */
export function crashIn(phase: BatchPhase, point: (typeof CRASH_POINTS)[number], nth = 1): string {
  return `${BATCH_PHASES[phase]}:${nth},${point}:1`;
}

/** Every point in every phase of a batch. */
export const BATCH_CRASHES: readonly string[] = PHASES.flatMap((phase) =>
  CRASH_POINTS.map((point) => crashIn(phase, point)),
);

/** Every point once, in one phase or another of a batch; the seed says which goes with which. */
export function shortCrashes(seed: number): readonly string[] {
  return CRASH_POINTS.map((point, index) => crashIn(PHASES[(index + seed) % PHASES.length]!, point));
}
