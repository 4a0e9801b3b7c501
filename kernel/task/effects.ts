import type { TaskEvent } from './events.ts';
import type { StepState, TaskState } from './state.ts';

/** What the host does once events are durable. Derived, so that it can be derived again after a crash. */
export interface Effects {
  /** Steps to dispatch, as they are now. */
  readonly dispatched: readonly StepState[];
  /** Steps that wait for a worker: their dispatch stays open, to be tried again when a component arrives. */
  readonly held: readonly StepState[];
  /** Steps whose dispatch was answered or fenced. */
  readonly undispatched: readonly string[];
  /** Steps whose timers go away before those of `timed` are set. */
  readonly untimed: readonly string[];
  /** Steps with a retry or deadlines to wait for. */
  readonly timed: readonly StepState[];
  /** Steps that now ask somebody something. */
  readonly asking: readonly StepState[];
  /** Steps that no longer ask. */
  readonly unasking: readonly string[];
  /** Steps whose run in a broker is to be killed, best effort. */
  readonly killed: readonly string[];
  /** Steps with an entry in the list of dead letters that may have changed. */
  readonly dead_letters: readonly StepState[];
}

/** The effects of a batch of events, given the state after it. Costs O(events). */
export function effectsOf(after: TaskState, events: readonly TaskEvent[]): Effects {
  const dispatched = new Set<string>();
  const undispatched = new Set<string>();
  const held = new Set<string>();
  const woken = new Set<string>();
  const killed = new Set<string>();
  const waiting = new Set<string>();
  const buried = new Set<string>();

  for (const event of events) {
    if ('step_id' in event && after.steps.get(event.step_id)!.dead_letter !== undefined) buried.add(event.step_id);
    switch (event.kind) {
      case 'step_enqueued':
        dispatched.add(event.step_id);
        if (event.attempt > 1 || event.activation > 0) woken.add(event.step_id);
        break;
      case 'step_errored':
        undispatched.add(event.step_id);
        // Of all steps, only a planning step can fail while it waits for a retry or a person.
        if (after.steps.get(event.step_id)!.plan !== undefined) woken.add(event.step_id);
        break;
      case 'step_completed':
      case 'plan_call_lost':
        undispatched.add(event.step_id);
        break;
      case 'plan_rejected':
      case 'plan_accepted':
      case 'plan_fell_back':
        // It may have been a person who was asked, or a retry that was waited for.
        undispatched.add(event.step_id);
        woken.add(event.step_id);
        break;
      case 'step_waiting_for_worker':
        held.add(event.step_id);
        break;
      case 'step_retry_scheduled':
      case 'step_suspended':
        undispatched.add(event.step_id);
        waiting.add(event.step_id);
        break;
      case 'step_deadline_fired':
        woken.add(event.step_id);
        waiting.add(event.step_id);
        break;
      case 'step_retry_due':
      case 'step_retried_by_operator':
        woken.add(event.step_id);
        break;
      case 'step_cancelled':
      case 'step_resolved_manually':
        // A step that was never dispatched has nothing to take back.
        if (after.steps.get(event.step_id)!.attempt > 0) {
          undispatched.add(event.step_id);
          woken.add(event.step_id);
          killed.add(event.step_id);
        }
        break;
    }
  }

  const now = (id: string): StepState => after.steps.get(id)!;
  const stillWaiting = [...waiting].map(now);
  const timed = stillWaiting.filter(
    (step) => step.status === 'waiting_for_retry' || step.status === 'waiting_for_input',
  );
  const asking = stillWaiting.filter((step) => step.status === 'waiting_for_input');
  const asks = new Set(asking.map((step) => step.id));
  return {
    dispatched: [...dispatched].map(now).filter((step) => step.status === 'enqueued'),
    held: [...held].map(now).filter((step) => step.status === 'waiting_for_worker'),
    undispatched: [...undispatched].filter((id) => !(dispatched.has(id) && now(id).status === 'enqueued')),
    untimed: [...woken],
    timed,
    asking,
    unasking: [...woken].filter((id) => !asks.has(id)),
    killed: [...killed],
    dead_letters: [...buried].map(now),
  };
}
