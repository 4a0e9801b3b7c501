import { WeftError } from '../errors.ts';
import type { CompiledTemplate } from '../template/types.ts';
import { batchOf, batchOfWorker, countWorker } from './batch.ts';
import { applyToAccount } from './budget.ts';
import type { BatchWindow, EventOf, JournalEntry, StepEvent, TaskEvent } from './events.ts';
import { NO_PLAN } from './plan.ts';
import { fillFragments, indexOfCreated, openFragment } from './planned.ts';
import { compiledAt, compiledOf, dependentsOf, emptyTask, type StepState, stepOf, type TaskState } from './state.ts';
import { SETTLED, transitionStep } from './step_machine.ts';
import { assertTaskTransition, isSettled } from './task_machine.ts';
import { upcast } from './upcast.ts';

/**
 * Folds one event into a task. Takes ownership of `state` and gives it back changed; costs O(out-degree) of the step
 * that the event is about.
 * @throws illegal_transition when the machines have no such transition: a corrupt journal or a bug
 */
export function apply(state: TaskState, event: TaskEvent): TaskState {
  const { head } = state;
  head.seq += 1;
  head.updated_at = event.at;
  switch (event.kind) {
    case 'task_created':
      head.id = event.task_id;
      head.context = event.context;
      head.template = event.template;
      head.submitted_by = event.submitted_by;
      head.idempotency_key = event.idempotency_key;
      head.traceparent = event.traceparent;
      head.created_at = event.at;
      break;
    case 'task_status_changed':
      assertTaskTransition(head, event.to);
      head.status = event.to;
      head.reason = event.reason;
      if (isSettled(event.to)) head.settled_at = event.at;
      break;
    case 'task_paused':
      head.paused = true;
      break;
    case 'task_resumed':
      head.paused = false;
      break;
    case 'task_cancel_requested':
    case 'task_resolve_requested':
      break;
    case 'steps_created':
      createSteps(state, event);
      break;
    case 'steps_excluded':
      for (const index of event.template_indexes) state.absent.set(index, true);
      break;
    case 'budget_opened':
    case 'budget_reserved':
    case 'budget_settled':
    case 'budget_exhausted':
      applyToAccount(head, event);
      break;
    default:
      applyToStep(state, event);
      if (event.kind === 'plan_accepted') openFragment(state, event);
  }
  return state;
}

/**
 * Folds a whole journal.
 * @throws journal_corrupt when an entry does not follow the one before it or an event cannot be applied
 */
export function fold(compiled: CompiledTemplate, entries: Iterable<JournalEntry>): TaskState {
  return foldOnto(emptyTask(compiled, new Map(), new Map()), entries);
}

/** The same, from a state on: takes ownership of it. @throws journal_corrupt */
export function foldOnto(base: TaskState, entries: Iterable<JournalEntry>): TaskState {
  let state = base;
  for (const entry of entries) {
    const task_id = state.head.id;
    if (entry.seq !== state.head.seq + 1) {
      throw new WeftError('journal_corrupt', {
        task_id,
        seq: entry.seq,
        problem: `expected event ${state.head.seq + 1}`,
      });
    }
    for (const event of upcast(entry)) {
      try {
        state = apply(state, event);
      } catch (cause) {
        const problem = cause instanceof Error ? cause.message : String(cause);
        throw new WeftError('journal_corrupt', { task_id, seq: state.head.seq, problem }, { cause });
      }
    }
  }
  return state;
}

function createSteps(state: TaskState, event: EventOf<'steps_created'>): void {
  fillFragments(state, event.steps);
  for (const created of event.steps) {
    const template_index = indexOfCreated(state, created);
    const plan = compiledAt(state, template_index).definition.type === 'planning' ? NO_PLAN : undefined;
    const step = stepOf({ ...created, template_index, created_at: event.at, plan });
    state.steps.set(step.id, step);
    state.head.count.pending += 1;
  }
  // Only now: steps of one event may depend on each other in any order.
  for (const created of event.steps) {
    const unmet = created.dependencies.filter((id) => !meetsDependents(state, state.steps.get(id)!)).length;
    if (unmet > 0) state.steps.set(created.id, { ...state.steps.get(created.id)!, unmet_dependencies: unmet });
  }
}

function applyToStep(state: TaskState, event: StepEvent): void {
  const before = state.steps.get(event.step_id);
  if (before === undefined) {
    throw new WeftError('illegal_transition', {
      machine: `step ${event.step_id}`,
      from: 'not created',
      event: event.kind,
    });
  }
  const after = transitionStep(before, event);
  state.steps.set(after.id, after);
  if (after.share !== undefined) countInBatch(state, before, after);
  if ('window' in event && event.window !== undefined) openBatch(state, after, event.window);
  if (after.status === before.status) return;

  const { head } = state;
  head.count[before.status] -= 1;
  head.count[after.status] += 1;
  if (holdsBack(state, before)) head.blocking_errors -= 1;
  if (holdsBack(state, after)) head.blocking_errors += 1;
  if (meetsDependents(state, after) && !meetsDependents(state, before)) {
    for (const dependent of dependentsOf(state, after)) {
      state.steps.set(dependent.id, { ...dependent, unmet_dependencies: dependent.unmet_dependencies - 1 });
    }
  }
}

function openBatch(state: TaskState, fanOut: StepState, window: BatchWindow): void {
  const step = batchOf(state, fanOut);
  if (step === undefined) return;
  const nothing = { next: 0, in_flight: 0, complete: 0, failed: 0, held: [] };
  state.steps.set(step.id, { ...step, batch: { ...nothing, window, total: window.workers } });
}

function countInBatch(state: TaskState, before: StepState, after: StepState): void {
  const step = batchOfWorker(state, after);
  state.steps.set(step.id, { ...step, batch: countWorker(step.batch!, before, after) });
}

/** Whether a step's dependents need not wait for it any longer. */
export function meetsDependents(state: TaskState, step: StepState): boolean {
  // Nobody waits for one worker: they wait for the batch.
  if (step.share !== undefined) return false;
  switch (step.status) {
    case 'complete':
    case 'resolved_manually':
      return true;
    case 'error':
      return compiledOf(state, step).definition.on_failure === 'continue';
    default:
      return false;
  }
}

/** Whether a failed step keeps the task from completing until an operator acts. */
function holdsBack(state: TaskState, step: StepState): boolean {
  // What a worker's failure means is up to its batch.
  if (step.share !== undefined) return false;
  return step.status === 'error' && compiledOf(state, step).definition.on_failure !== 'continue';
}

/** Whether a step will not change again by itself. */
export function isStepSettled(step: StepState): boolean {
  return SETTLED.has(step.status);
}
