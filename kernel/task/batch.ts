/**
 * Batches: a fan-out's outcome becomes N workers, and a step that depends on the worker's name waits for all of them.
 *
 * The template's worker step is one step of the task, the *batch*: it is never dispatched itself. It is `pending` until
 * its workers have settled, then `complete`, or `error` once more of them failed than the fan-out tolerates. The
 * workers are steps of their own, with ids `<fan-out id>.<index>` and the batch's definition.
 *
 * Invariants
 *  1. The fan-out's result, the window and all workers are one commit; zero items converge in it.
 *  2. At most `max_concurrency` workers hold a slot: those that are enqueued or wait for a component. A suspended worker
 *     and one that waits for its retry hold none, and queue for one, first come first served, when they wake.
 *  3. Workers are cancelled only with their batch or their task. A batch in `error` starts no further worker; what is in flight is still recorded. Its template's `on_failure`
 *     decides as for any step: `block` keeps the rest for an operator's retry, `continue` cancels it.
 *  4. Every change costs O(1) in the number of workers, but for an operator's retry or resolution of a whole batch.
 */
import type { Json } from '../json.ts';
import { chargeWorkers } from './budget.ts';
import type { Draft } from './draft.ts';
import type { BatchWindow, CreatedStep, Failure } from './events.ts';
import { type Batch, compiledAt, compiledOf, hasWoken, type StepState, stepIdAt, type TaskState } from './state.ts';

/** The batch that a fan-out's template gives its items to. */
export function batchOf(state: TaskState, fanOut: StepState): StepState | undefined {
  const index = compiledOf(state, fanOut).dependents.find(
    (each) => compiledAt(state, each).definition.type === 'batch_worker',
  );
  return index === undefined ? undefined : state.steps.get(stepIdAt(state, index));
}

/** The batch that a worker belongs to. */
export function batchOfWorker(state: TaskState, worker: StepState): StepState {
  return state.steps.get(stepIdAt(state, worker.template_index))!;
}

/** A batch's workers, in order. */
export function* workersOf(state: TaskState, batch: StepState): Generator<StepState> {
  for (let index = 0; index < (batch.batch?.total ?? 0); index++) {
    yield state.steps.get(workerId(batch, index))!;
  }
}

/** A worker's derived id: `<fan-out id>.<index>`. */
export function workerId(batch: StepState, index: number): string {
  return `${batch.dependencies[0]!}.${index}`;
}

/**
 * What a fan-out's outcome asks for; the tolerance is a part of its result. Nothing when its batch is over already,
 * which an operator may have resolved before: then there is nobody to work for.
 */
export function windowFor(
  state: TaskState,
  fanOut: StepState,
  items: readonly Json[],
  maxConcurrency: number,
  result: Json,
): { readonly window?: BatchWindow } {
  if (batchOf(state, fanOut)?.status !== 'pending') return {};
  const given = (result as { readonly tolerance?: Partial<BatchWindow['tolerance']> } | null)?.tolerance;
  const tolerance = { count: numberOf(given?.count), percentage: numberOf(given?.percentage) };
  return { window: { workers: items.length, max_concurrency: maxConcurrency, tolerance } };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null;
}

/** Makes the workers of a fan-out that was just recorded. */
export function spawnWorkers(draft: Draft, fanOut: StepState, items: readonly Json[]): void {
  const batch = batchOf(draft.state, fanOut);
  if (batch?.status !== 'pending' || items.length === 0) return;
  const steps = items.map(
    (item, index): CreatedStep => ({
      id: workerId(batch, index),
      name: `${batch.name}[${index}]`,
      template_index: batch.template_index,
      dependencies: [fanOut.id],
      pin: batch.pin,
      provenance: { created_by: 'batch_spawn', parent_step_id: fanOut.id },
      batch: { item, index },
    }),
  );
  chargeWorkers(draft, fanOut, items.length);
  draft.emit({ kind: 'steps_created', at: draft.at, steps });
}

/** Ends a batch whose workers have all settled, or of which too many failed; undefined while it goes on. */
export function judgeBatch(draft: Draft, batch: StepState): StepState | undefined {
  const counts = batch.batch!;
  const at = draft.at;
  if (isBeyondTolerance(counts)) {
    const fence = { step_id: batch.id, at, attempt: batch.attempt, activation: batch.activation };
    draft.emit({ kind: 'step_errored', ...fence, failure: tooManyFailed(counts) });
    return draft.step(batch.id);
  }
  const { complete, failed: error, total } = counts;
  if (complete + error < total) return undefined;
  draft.emit({ kind: 'batch_converged', step_id: batch.id, at, counts: { complete, error } });
  return draft.step(batch.id);
}

/** The workers that may start now: first those that woke and queue for a slot, then new ones, in order. */
export function* startable(draft: Draft, batchId: string): Generator<StepState> {
  for (;;) {
    const batch = draft.step(batchId);
    const { window, in_flight, held, next, total } = batch.batch!;
    const hasSlot = window.max_concurrency === 0 || in_flight < window.max_concurrency;
    if (!hasSlot || batch.status !== 'pending' || draft.state.head.paused) return;
    const [id] = held;
    const fresh = id === undefined ? firstOpen(draft, batch, next, total) : draft.step(id);
    if (fresh === undefined) return;
    yield fresh;
  }
}

/** The first worker that was never started; an operator may have resolved some that were yet to start. */
function firstOpen(draft: Draft, batch: StepState, next: number, total: number): StepState | undefined {
  for (let index = next; index < total; index++) {
    const worker = draft.step(workerId(batch, index));
    if (worker.settled_at === undefined) return worker;
  }
  return undefined;
}

/** Cancels what has not settled of a batch that is over. */
export function cancelWorkers(draft: Draft, batch: StepState, reason: string): void {
  const open = [...workersOf(draft.state, batch)].filter((worker) => worker.settled_at === undefined);
  for (const worker of open) draft.emit({ kind: 'step_cancelled', step_id: worker.id, at: draft.at, reason });
}

/** A batch after one of its workers went from `before` to `after`; part of the fold. */
export function countWorker(batch: Batch, before: StepState, after: StepState): Batch {
  const moved = (is: (step: StepState) => boolean): number => Number(is(after)) - Number(is(before));
  const starts = before.attempt === 0 && after.attempt > 0;
  const { index } = after.share!;
  // Workers first start in order. The next one is passed over when it settles unstarted; those before it are not.
  const passed = index === batch.next && after.settled_at !== undefined;
  const next = starts || passed ? Math.max(batch.next, index + 1) : batch.next;
  const queued = batch.held.includes(after.id);
  const queues = hasWoken(after) || (after.status === 'pending' && (after.attempt > 0 || index < next));
  return {
    ...batch,
    next,
    in_flight: batch.in_flight + moved(holdsSlot),
    complete: batch.complete + moved(isDone),
    failed: batch.failed + moved(hasFailed),
    held: queues === queued ? batch.held : queued ? without(batch.held, after.id) : [...batch.held, after.id],
  };
}

function holdsSlot({ status }: StepState): boolean {
  return status === 'enqueued' || status === 'waiting_for_worker';
}

function isDone({ status }: StepState): boolean {
  return status === 'complete' || status === 'resolved_manually';
}

function hasFailed({ status }: StepState): boolean {
  return status === 'error';
}

function without(ids: readonly string[], id: string): readonly string[] {
  return ids.filter((each) => each !== id);
}

/** No tolerance means none: with neither limit given, the first failure is one too many. */
function isBeyondTolerance({ failed, total, window: { tolerance } }: Batch): boolean {
  const { count, percentage } = tolerance;
  if (count === null && percentage === null) return failed > 0;
  return (count !== null && failed > count) || (percentage !== null && failed * 100 > percentage * total);
}

function tooManyFailed({ failed, total, window: { tolerance } }: Batch): Failure {
  const { count, percentage } = tolerance;
  const limits = [...(count === null ? [] : [`${count}`]), ...(percentage === null ? [] : [`${percentage} %`])];
  const message = `${failed} of ${total} workers failed; at most ${limits.join(' or ') || '0'} may`;
  return { code: 'batch_failed', message, retryable: false, details: { failed, total, tolerance: { ...tolerance } } };
}
