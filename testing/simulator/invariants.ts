import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../kernel/json.ts';
import { isStepSettled, meetsDependents } from '../../kernel/task/apply.ts';
import { workerId, workersOf } from '../../kernel/task/batch.ts';
import { landsWhenFailed } from '../../kernel/task/bury.ts';
import type { Fence } from '../../kernel/task/commands.ts';
import { isDeadLetter } from '../../kernel/task/dead_letter.ts';
import { resolveDispatch } from '../../kernel/task/dispatch_input.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import {
  type Batch,
  compiledOf,
  type DeadLetter,
  hasWoken,
  presenceOf,
  type StepState,
  type TaskState,
} from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';

/** A state as text: equal text, equal state. */
export function snapshot(state: TaskState): string {
  return JSON.stringify({
    head: state.head,
    steps: [...state.steps.values()],
    absent: [...state.absent.keys()],
    // Left out when there is none, as in the histories of tasks without plans.
    ...(state.fragments.size === 0 ? {} : { fragments: [...state.fragments.values()].map(({ record }) => record) }),
  });
}

/** What a store holds of a task besides its journal. */
export interface Rows {
  readonly dispatches: ReadonlyMap<string, Fence>;
  readonly timers: readonly { readonly step_id: string }[];
  /** Steps that ask somebody something. */
  readonly asking: ReadonlySet<string>;
  readonly deadLetters: ReadonlyMap<string, DeadLetter>;
}

/** @throws Error naming the first invariant that the events have broken */
export function checkInvariants(
  state: TaskState,
  events: readonly TaskEvent[],
  { dispatches, timers, asking, deadLetters }: Rows,
): void {
  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`broken: ${what}`);
  };
  for (const event of events) {
    if (event.kind === 'step_completed')
      must(isOf(event.result, event), `${event.step_id} takes the result of its current dispatch`);
    if (event.kind === 'step_suspended' && state.steps.get(event.step_id)!.plan === undefined)
      must(isOf(event.state, event), `${event.step_id} keeps the state of its current dispatch`);
    if (event.kind !== 'step_enqueued') continue;
    const step = state.steps.get(event.step_id)!;
    const met = step.dependencies.every((id) => meetsDependents(state, state.steps.get(id)!));
    must(met, `${step.name} starts after its dependencies`);
  }
  const count: Record<string, number> = {};
  for (const step of state.steps.values()) {
    count[step.status] = (count[step.status] ?? 0) + 1;
    checkStep(state, step, must);
    const hasRow = step.status === 'enqueued' || step.status === 'waiting_for_worker';
    must(dispatches.has(step.id) === hasRow, `${step.name} (${step.status}) ${hasRow ? 'has' : 'has no'} dispatch row`);
    const row = dispatches.get(step.id);
    must(
      row === undefined || (row.attempt === step.attempt && row.activation === step.activation),
      `the dispatch row of ${step.name} is of its current attempt`,
    );
    const asks = step.status === 'waiting_for_input';
    must(asking.has(step.id) === asks, `${step.name} (${step.status}) ${asks ? 'is' : 'is not'} among those who ask`);
    must(
      isDeepStrictEqual(deadLetters.get(step.id), step.dead_letter),
      `the list has the dead letter of ${step.name} as it is`,
    );
    checkDeadLetter(state, step, must);
    const own = timers.filter((timer) => timer.step_id === step.id).length;
    must(
      own === timersExpected(step),
      `${step.name} (${step.status}) has ${own} timers, expected ${timersExpected(step)}`,
    );
  }
  for (const [status, many] of Object.entries(state.head.count)) {
    must(many === (count[status] ?? 0), `the count of ${status} steps`);
  }
  if (isSettled(state.head.status)) {
    const open = [...state.steps.values()].filter((step) => !isStepSettled(step));
    must(open.length === 0, `a settled task has no open step, but ${open.map((step) => step.name).join(', ')}`);
  }
}

function checkStep(state: TaskState, step: StepState, must: (holds: boolean, what: string) => void): void {
  const { definition, dependencies } = compiledOf(state, step);
  must(
    step.attempt - step.attempts_forgiven <= definition.retry.max_attempts,
    `${step.name} has at most ${definition.retry.max_attempts} attempts, not ${step.attempt - step.attempts_forgiven}`,
  );
  const hasResult = step.status === 'complete' || step.status === 'resolved_manually';
  must(
    (step.result !== undefined) === hasResult,
    `${step.name} (${step.status}) ${hasResult ? 'has' : 'has no'} result`,
  );
  if (step.batch !== undefined) checkBatch(state, step, step.batch, must);
  const unmet = step.dependencies.filter((id) => !meetsDependents(state, state.steps.get(id)!)).length;
  must(
    step.unmet_dependencies === unmet,
    `${step.name} counts ${step.unmet_dependencies} unmet dependencies, not ${unmet}`,
  );
  const created = dependencies.filter((index) => presenceOf(state, index) === 'created').length;
  must(
    step.share !== undefined || step.dependencies.length === created,
    `${step.name} waits for exactly the dependencies that were created`,
  );
}

function checkDeadLetter(state: TaskState, step: StepState, must: (holds: boolean, what: string) => void): void {
  const { dead_letter: entry } = step;
  const isLost = step.status === 'error' && landsWhenFailed(state, step);
  if (isLost) {
    must(entry !== undefined && entry.reason !== 'stuck', `${step.name} failed and is in the list`);
    must(
      entry!.state === 'open' || entry!.closed!.by === 'operator',
      `${step.name} stays in the list until somebody acts`,
    );
  }
  if (!isDeadLetter(step)) return;
  const isUntaken = step.status === 'enqueued' || step.status === 'waiting_for_worker';
  must(
    entry!.reason === 'stuck' ? isUntaken : isLost,
    `${step.name} (${step.status}) is in the list as ${entry!.reason}`,
  );
  const { status } = state.head;
  must(status !== 'cancelled' && status !== 'resolved_manually', `${step.name} left the list with its task`);
}

function checkBatch(
  state: TaskState,
  step: StepState,
  batch: Batch,
  must: (holds: boolean, what: string) => void,
): void {
  const workers = [...workersOf(state, step)];
  const many = (...statuses: StepState['status'][]) => workers.filter(({ status }) => statuses.includes(status)).length;
  const { window, in_flight } = batch;
  must(workers.length === batch.total, `${step.name} has as many workers as items`);
  must(in_flight === many('enqueued', 'waiting_for_worker'), `${step.name} counts what is in flight`);
  must(batch.complete === many('complete', 'resolved_manually'), `${step.name} counts what is complete`);
  must(batch.failed === many('error'), `${step.name} counts what failed`);
  must(window.max_concurrency === 0 || in_flight <= window.max_concurrency, `${step.name} keeps its window`);
  const idle = workers.filter((worker) => hasWoken(worker) || worker.status === 'pending');
  const queued = [...batch.held, ...idle.filter(({ share }) => share!.index >= batch.next).map(({ id }) => id)];
  must(new Set(queued).size === idle.length, `${step.name} remembers everyone who needs a slot`);
  if (step.status === 'complete')
    must(many('enqueued', 'pending') === 0, `${step.name} converges when all have settled`);
  const mayStart = step.status === 'pending' && step.unmet_dependencies === 0 && !state.head.paused;
  const hasSlot = window.max_concurrency === 0 || in_flight < window.max_concurrency;
  must(!(mayStart && hasSlot && idle.length > 0), `${step.name} leaves no slot unused`);
}

/**
 * Whoever waits for a batch is given what became of each worker, in the order of its items.
 * @throws Error naming the batch that is out of order
 */
export function checkResultOrder(state: TaskState): void {
  for (const step of state.steps.values()) {
    if (step.share !== undefined) continue;
    const inputs = resolveDispatch(state, step).inputs as Readonly<Record<string, Json>>;
    for (const batch of step.dependencies
      .map((id) => state.steps.get(id)!)
      .filter((each) => each.batch !== undefined)) {
      const results = inputs[batch.name] as unknown as readonly WorkerResult[];
      const inOrder = results.every(
        ({ index, result }, at) => index === at && (result === undefined || result.of.step_id === workerId(batch, at)),
      );
      if (!inOrder || results.length !== batch.batch!.total)
        throw new Error(`broken: ${step.name} is given the results of ${batch.name} in order`);
    }
  }
}

/** As `${steps.<worker>.results}` holds it; simulated workers say who they are. */
interface WorkerResult {
  readonly index: number;
  readonly result?: { readonly of: { readonly step_id: string } };
}

/** Simulated workers say in their answer which dispatch it is of. */
function isOf(answer: Json, { attempt, activation }: Fence): boolean {
  const { of } = answer as unknown as { of: Fence };
  return of.attempt === attempt && of.activation === activation;
}

function timersExpected(step: StepState): number {
  if (step.status === 'waiting_for_retry') return step.retry_due === true ? 0 : 1;
  return step.status === 'waiting_for_input' ? step.suspension!.deadlines.length : 0;
}
