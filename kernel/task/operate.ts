import { WeftError } from '../errors.ts';
import type { Json } from '../json.ts';
import { cancelUnsettled, dispatchReady, dispatchWoken, settle } from './advance.ts';
import { batchOfWorker, spawnWorkers, windowFor, workersOf } from './batch.ts';
import { mayHaveWorkers } from './budget.ts';
import type { Command } from './commands.ts';
import { choicesOf } from './creation.ts';
import { closeDeadLetters } from './dead_letter_acts.ts';
import type { Draft } from './draft.ts';
import { isPlanned } from './plan.ts';
import { compiledOf, type StepState } from './state.ts';
import { STEP_TRANSITIONS } from './step_machine.ts';
import { dispatchHeld, stepById } from './wake.ts';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** Holds all further dispatches; what runs may finish, deadlines run on. */
export function pauseTask(draft: Draft, { by, reason }: CommandOf<'pause'>): void {
  if (!draft.state.head.paused) draft.emit({ kind: 'task_paused', at: draft.at, by, reason });
}

/** Lets the task go on with all that became ready meanwhile. */
export function resumeTask(draft: Draft, { by, reason }: CommandOf<'resume'>): void {
  if (!draft.state.head.paused) return;
  draft.emit({ kind: 'task_resumed', at: draft.at, by, reason });
  dispatchHeld(draft);
}

/** Fences at once: whatever is in flight can no longer be recorded. */
export function cancelTask(draft: Draft, { by, reason }: CommandOf<'cancel'>): void {
  draft.emit({ kind: 'task_cancel_requested', at: draft.at, by, reason });
  closeDeadLetters(draft, { by, reason });
  cancelUnsettled(draft, reason);
  draft.emit({ kind: 'task_status_changed', at: draft.at, to: 'cancelled', reason });
}

/** Accepts the task as it is: results stay, what has not settled is cancelled. */
export function resolveTask(draft: Draft, { by, reason }: CommandOf<'resolve'>): void {
  draft.emit({ kind: 'task_resolve_requested', at: draft.at, by, reason });
  closeDeadLetters(draft, { by, reason });
  cancelUnsettled(draft, reason);
  draft.emit({ kind: 'task_status_changed', at: draft.at, to: 'resolved_manually', reason });
}

/**
 * Runs a failed step again with a fresh set of attempts, or ends a wait for a retry now. A failure that was let pass
 * stays: its dependents have gone on.
 * @throws step_not_found, step_not_retryable
 */
export function retryStep(draft: Draft, { step_id, by, reason }: CommandOf<'retry_step'>): void {
  const step = stepById(draft, step_id);
  const possible = STEP_TRANSITIONS[step.status].step_retried_by_operator !== undefined;
  if (!possible || wasLetPass(draft, step) || isPlanned(step)) {
    throw new WeftError('step_not_retryable', { step: step.name, status: step.status });
  }
  const retry = ({ id }: StepState): void =>
    draft.emit({ kind: 'step_retried_by_operator', step_id: id, at: draft.at, by, reason });
  retry(step);
  // A batch is retried by what failed of it.
  if (step.batch !== undefined)
    for (const worker of workersOf(draft.state, step)) if (worker.status === 'error') retry(worker);
  const advanced =
    step.share === undefined ? dispatchReady(draft, [step_id]) : dispatchWoken(draft, draft.step(step_id));
  settle(draft, advanced);
}

/**
 * Gives a step its result by hand, under the same checks as its handler's.
 * @throws step_not_found, step_not_resolvable, branch_invalid, result_invalid
 */
export function resolveStep(draft: Draft, command: CommandOf<'resolve_step'>): void {
  const { step_id, by, reason, result, branch, items } = command;
  const step = stepById(draft, step_id);
  const possible = STEP_TRANSITIONS[step.status].step_resolved_manually !== undefined;
  if (!possible || wasLetPass(draft, step)) {
    throw new WeftError('step_not_resolvable', { step: step.name, status: step.status });
  }
  checkBranch(draft, step, branch);
  checkItems(draft, step, items);
  // A batch's pin is that of its workers, whose results it has none of.
  const unchecked = step.pin === null || step.batch !== undefined;
  const problems = unchecked ? outputProblems(draft, step, result) : draft.env.checkResult(step.pin!, result);
  if (problems.length > 0) throw new WeftError('result_invalid', { step: step.name, problems: problems.join('; ') });
  draft.emit({
    kind: 'step_resolved_manually',
    step_id,
    at: draft.at,
    by,
    reason,
    result,
    ...(branch === undefined ? {} : { branch }),
    ...(items === undefined ? {} : windowFor(draft.state, step, items, 0, result)),
  });
  if (items !== undefined) spawnWorkers(draft, draft.step(step_id), items);
  settle(draft, [draft.step(step_id)]);
}

/** A planning step is resolved with what its plan would have given. */
function outputProblems({ state, env }: Draft, step: StepState, output: Json): readonly string[] {
  const { output_schema } = compiledOf(state, step).definition;
  return output_schema === undefined ? [] : env.checkOutput(output_schema, output);
}

function wasLetPass(draft: Draft, step: StepState): boolean {
  // A worker goes with its batch: once that is over, nobody counts it any more.
  if (step.share !== undefined) return batchOfWorker(draft.state, step).status !== 'pending';
  return step.status === 'error' && compiledOf(draft.state, step).definition.on_failure === 'continue';
}

/** A fan-out is resolved with the items of its workers; any other step with none. */
function checkItems(draft: Draft, step: StepState, items: readonly Json[] | undefined): void {
  const { type, max_items = Infinity } = compiledOf(draft.state, step).definition;
  const isFanOut = type === 'batchable';
  if (items !== undefined && items.length > max_items) {
    const problem = `it may have ${max_items} items, and is given ${items.length}`;
    throw new WeftError('items_invalid', { step: step.name, problem });
  }
  if (items !== undefined && !mayHaveWorkers(draft, step, items.length)) {
    throw new WeftError('items_invalid', {
      step: step.name,
      problem: "the task's budget does not allow so many steps",
    });
  }
  if (isFanOut === (items !== undefined)) return;
  throw new WeftError('items_invalid', {
    step: step.name,
    problem: isFanOut ? 'a fan-out is resolved with its items' : 'only a fan-out has items',
  });
}

/** A decision is resolved with the names it chooses; any other step with none. */
function checkBranch(draft: Draft, step: StepState, branch: readonly string[] | undefined): void {
  const isDecision = compiledOf(draft.state, step).definition.type === 'decision';
  if (!isDecision && branch === undefined) return;
  const allowed = isDecision ? choicesOf(draft.state, step) : [];
  if (branch === undefined || branch.some((name) => !allowed.includes(name))) {
    throw new WeftError('branch_invalid', { step: step.name, names: branch ?? 'nothing', allowed });
  }
}
