/**
 * The step: the atom of every workflow. All kinds of steps have this one lifecycle.
 *
 * Invariants
 *  1. A step is dispatched only from `pending` with no unmet dependency, from a wait that ended, or by an operator.
 *  2. At most one (attempt, activation) is current. A result is recorded only for the current one, once.
 *  3. `attempt` grows only by a dispatch after a failure or by the first; a wake from a suspension, a redelivery and
 *     a missing worker cost none.
 *  4. `attempt - attempts_forgiven` never exceeds the retry policy's `max_attempts`.
 *  5. `complete`, `cancelled`, `resolved_manually` and `superseded` are final. `error` is left only by an operator.
 *  6. A result is present exactly in `complete` and `resolved_manually`.
 *
 *   pending ──► enqueued ──► complete
 *     │  ▲        │ ▲ │
 *     │  │        │ │ ├──► waiting_for_retry ──┐
 *     │  │        │ │ ├──► waiting_for_input ──┼──► enqueued
 *     │  │        │ │ ├──► waiting_for_worker ─┘
 *     │  │        │ │ └──► error ──► pending | resolved_manually   (operator)
 *     │  └────────┼─┘
 *     └───────────┴──► cancelled | resolved_manually | superseded
 *
 * A planning step also goes from enqueued back to pending, for its next call or with an accepted plan: `plan.ts`.
 *
 * What holds in each state, and who leaves it
 *  pending             waits for `unmet_dependencies`, or for the task to be resumed   decide: `dispatchReady`
 *  enqueued            a dispatch of (attempt, activation) is out, durable as a row     decide: `record_*`
 *  waiting_for_retry   `failure` and `retry_at` are set                                 timer, operator
 *  waiting_for_input   `suspension` is set; holds no worker                             signal, deadline
 *  waiting_for_worker  no live broker has the pinned component, or nothing is pinned    a component arrives
 *  error               `failure` is set; attempts are spent or it was not retryable     operator
 *
 * `in_progress` is not a state: who runs a dispatch is an ephemeral claim that the host shows and the receipt keeps.
 */
import { WeftError } from '../errors.ts';
import { afterStepEvent } from './dead_letter.ts';
import type { EventOf, StepEvent, StepStatus } from './events.ts';
import { planAfter } from './plan.ts';
import type { StepState } from './state.ts';

type StepTransitions = Readonly<Record<StepStatus, Readonly<Partial<Record<StepEvent['kind'], StepStatus>>>>>;

const RECORDED = {
  step_completed: 'complete',
  step_retry_scheduled: 'waiting_for_retry',
  step_errored: 'error',
  step_suspended: 'waiting_for_input',
} as const;

const ENDED_FROM_OUTSIDE = {
  step_cancelled: 'cancelled',
  step_resolved_manually: 'resolved_manually',
} as const;

/** A planning step's call: what it brings is judged in the commit that records it. */
const called = <S extends StepStatus>(status: S) =>
  ({
    plan_requested: status,
    plan_answered: status,
    plan_rejected: 'pending',
    plan_accepted: 'pending',
    plan_fell_back: 'pending',
    plan_call_lost: 'pending',
  }) as const;

/** Steps that may be in the list of dead letters, and open. */
const listed = <S extends StepStatus>(status: S) =>
  ({ ...noted(status), dead_letter_opened: status, dead_letter_closed: status }) as const;

/** Once a step is in the list, people may write down what they find out, whatever becomes of it. */
const noted = <S extends StepStatus>(status: S) => ({ dead_letter_noted: status }) as const;

/** Every legal transition; what is not here is a bug. A state that is forgotten does not compile. */
export const STEP_TRANSITIONS: StepTransitions = {
  pending: {
    ...noted('pending'),
    ...ENDED_FROM_OUTSIDE,
    step_pinned: 'pending',
    step_enqueued: 'enqueued',
    step_waiting_for_worker: 'waiting_for_worker',
    step_errored: 'error',
    batch_converged: 'complete',
    plan_converged: 'complete',
    plan_fell_back: 'pending',
  },
  enqueued: {
    ...listed('enqueued'),
    ...called('enqueued'),
    ...ENDED_FROM_OUTSIDE,
    ...RECORDED,
    step_signalled: 'enqueued',
    step_waiting_for_worker: 'waiting_for_worker',
  },
  waiting_for_retry: {
    ...noted('waiting_for_retry'),
    ...ENDED_FROM_OUTSIDE,
    step_signalled: 'waiting_for_retry',
    step_retry_due: 'waiting_for_retry',
    step_enqueued: 'enqueued',
    step_retried_by_operator: 'pending',
    // Of a planning step, when the budget does not allow the next call.
    plan_fell_back: 'pending',
    step_errored: 'error',
  },
  waiting_for_input: {
    ...noted('waiting_for_input'),
    ...ENDED_FROM_OUTSIDE,
    step_signalled: 'waiting_for_input',
    step_deadline_fired: 'waiting_for_input',
    step_enqueued: 'enqueued',
    // Of a proposed plan that a person has answered.
    plan_accepted: 'pending',
    plan_rejected: 'pending',
    step_errored: 'error',
  },
  waiting_for_worker: {
    ...listed('waiting_for_worker'),
    ...called('waiting_for_worker'),
    ...ENDED_FROM_OUTSIDE,
    // A broker that did have the component may still answer an earlier dispatch of the same attempt.
    ...RECORDED,
    step_pinned: 'waiting_for_worker',
    step_signalled: 'waiting_for_worker',
    step_enqueued: 'enqueued',
  },
  error: {
    ...listed('error'),
    step_retried_by_operator: 'pending',
    step_resolved_manually: 'resolved_manually',
  },
  complete: noted('complete'),
  cancelled: noted('cancelled'),
  resolved_manually: noted('resolved_manually'),
  superseded: {},
};

/** States that a step never leaves by itself. */
export const SETTLED: ReadonlySet<StepStatus> = new Set([
  'complete',
  'error',
  'cancelled',
  'resolved_manually',
  'superseded',
]);

/**
 * The step after an event.
 * @throws illegal_transition when the machine has no such transition
 */
export function transitionStep(step: StepState, event: StepEvent): StepState {
  const after = transitioned(step, event);
  const dead_letter = afterStepEvent(step, event);
  const plan = planAfter(step, event);
  return dead_letter === step.dead_letter && plan === step.plan ? after : { ...after, dead_letter, plan };
}

function transitioned(step: StepState, event: StepEvent): StepState {
  const status = STEP_TRANSITIONS[step.status][event.kind];
  if (status === undefined) {
    throw new WeftError('illegal_transition', {
      machine: `step "${step.name}" (${step.id})`,
      from: step.status,
      event: event.kind,
    });
  }
  switch (event.kind) {
    case 'step_pinned':
      return { ...step, pin: event.pin };
    case 'step_enqueued':
      return enqueued(step, event);
    case 'step_waiting_for_worker':
      return { ...step, status, attempt: event.attempt, activation: event.activation };
    case 'step_completed':
      return {
        ...released(step, status, event.at),
        result: event.result,
        branch: event.branch,
        receipt: event.receipt,
      };
    case 'step_resolved_manually':
      return {
        ...released(step, status, event.at),
        result: event.result,
        branch: event.branch,
        resolved: { by: event.by, reason: event.reason },
      };
    case 'step_errored':
      return {
        ...released(step, status, event.at),
        attempt: event.attempt,
        failure: event.failure,
        receipt: event.receipt,
      };
    case 'batch_converged':
      return { ...released(step, status, event.at), result: { ...event.counts } };
    case 'step_cancelled':
      return released(step, status, event.at);
    case 'step_retry_scheduled':
      return { ...step, status, failure: event.failure, retry_at: event.retry_at, receipt: event.receipt };
    case 'step_retry_due':
      return { ...step, retry_due: true };
    case 'step_suspended':
      return {
        ...step,
        status,
        resume: undefined,
        receipt: event.receipt,
        suspension: {
          state: event.state,
          request: event.request,
          signals: event.signals,
          deadlines: event.deadlines,
          since: event.at,
        },
      };
    case 'step_signalled':
      return {
        ...step,
        inbox: [...step.inbox, event.signal],
        signal_ids: [...step.signal_ids, event.signal.id],
      };
    case 'step_deadline_fired': {
      const suspension = step.suspension!;
      return {
        ...step,
        suspension: {
          ...suspension,
          deadlines: suspension.deadlines.filter((deadline) => deadline.name !== event.name),
          // The first one counts; the handler knows its own clock and asks again for the others.
          fired: suspension.fired ?? event.name,
        },
      };
    }
    case 'dead_letter_opened':
    case 'dead_letter_noted':
    case 'dead_letter_closed':
      return step;
    case 'plan_requested':
    case 'plan_answered':
      return step;
    case 'plan_rejected':
    case 'plan_accepted':
    case 'plan_call_lost':
      return { ...step, status, suspension: undefined, inbox: [] };
    case 'plan_fell_back':
      // The next planner has all of its tries before it.
      return {
        ...step,
        status,
        retry_at: undefined,
        retry_due: undefined,
        failure: event.failure,
        attempts_forgiven: Math.max(0, step.attempt - 1),
      };
    case 'plan_converged':
      return { ...released(step, status, event.at), result: event.output };
    case 'step_retried_by_operator':
      return step.status === 'error' ? forgiven(step) : { ...step, status, retry_at: undefined, retry_due: undefined };
  }
}

function enqueued(step: StepState, event: EventOf<'step_enqueued'>): StepState {
  const wakes = step.status === 'waiting_for_input';
  const suspension = step.suspension;
  return {
    ...step,
    status: 'enqueued',
    attempt: event.attempt,
    activation: event.activation,
    enqueued_at: event.at,
    retry_at: undefined,
    retry_due: undefined,
    ...(wakes && suspension !== undefined
      ? {
          resume: { state: suspension.state, signals: step.inbox, fired: suspension.fired },
          suspension: { ...suspension, deadlines: [], fired: undefined },
          inbox: [],
        }
      : undefined),
  };
}

/** A step that has settled keeps its history of attempts and drops what it was waiting with. */
function released(step: StepState, status: StepStatus, at: number): StepState {
  return {
    ...step,
    status,
    settled_at: at,
    retry_at: undefined,
    retry_due: undefined,
    suspension: undefined,
    resume: undefined,
    inbox: [],
  };
}

/** An operator's retry of a failed step starts it anew: a fresh set of attempts, no memory of suspensions. */
function forgiven(step: StepState): StepState {
  return { ...step, status: 'pending', settled_at: undefined, attempts_forgiven: step.attempt, signal_ids: [] };
}
