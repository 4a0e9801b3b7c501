import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { ValidFragment } from '../fragment/types.ts';
import type { PlanUsage } from '../planning/planner.ts';
import { dispatchReady, settle } from './advance.ts';
import { charge, remaining, settleReservation } from './budget.ts';
import type { Command, Fence, RecordedAnswer } from './commands.ts';
import { createPlanned } from './creation.ts';
import type { Draft } from './draft.ts';
import type { Failure } from './events.ts';
import { isQuestion } from './plan.ts';
import { exhausted, giveUp, planningFieldsOf, reservationOf } from './plan_call.ts';
import { planPlace } from './plan_place.ts';
import { compiledOf, type StepState } from './state.ts';

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** What a suspended planning step keeps: the plan that a person is asked about. */
interface Proposal {
  readonly call: number;
  readonly text: string;
  readonly blob: RecordedAnswer['blob'];
}

/** A planner has answered: journals it and, in the same commit, what is made of it. */
export function recordPlanAnswer(draft: Draft, step: StepState, { answer }: CommandOf<'record_plan_answer'>): void {
  const { planner, model, prompt, blob, stop_reason, usage, latency_ms } = answer;
  const at = draft.at;
  const call = { step_id: step.id, at, attempt: step.attempt, call: step.plan!.calls };
  draft.emit({ kind: 'plan_requested', ...call, prompt, planner, model });
  draft.emit({ kind: 'plan_answered', ...call, answer: blob, stop_reason, usage, latency_ms });
  settleCall(draft, step, usage);
  if (stop_reason === 'refusal') {
    return abandon(draft, step, failure('plan_refused', `the model of planner "${planner}" declined to answer`));
  }
  if (stop_reason === 'max_tokens') return reject(draft, step, answer.text, [TRUNCATED]);
  if (answer.asks && mayAsk(step)) {
    draft.emit({ kind: 'plan_rejected', ...call, diagnostics: [], answer: answer.text });
    return settle(draft, dispatchReady(draft, [step.id]));
  }
  const validation = draft.env.validatePlan(answer.text, planPlace(draft, step));
  if (!validation.ok) return reject(draft, step, answer.text, validation.diagnostics);
  const proposal = { call: step.plan!.calls, text: answer.text, blob };
  if (planningFieldsOf(draft.state, step).plan_approval === 'always') {
    return propose(draft, step, proposal, validation.valid);
  }
  materialize(draft, step, proposal, validation.valid);
}

/** Questions in a row that are no attempts: a model that only asks is refused in the end. */
const QUESTIONS_MAX = 2;

function mayAsk({ plan }: StepState): boolean {
  return plan!.feedback.filter(isQuestion).length < QUESTIONS_MAX;
}

/** The call may have been made, and its answer will not come: it is charged in full, and the next one is made. */
export function recordCallLost(draft: Draft, step: StepState): void {
  settleReservation(draft, reservationOf(fenceOf(step)));
  draft.emit({
    kind: 'plan_call_lost',
    step_id: step.id,
    at: draft.at,
    attempt: step.attempt,
    call: step.plan!.calls,
  });
  settle(draft, dispatchReady(draft, [step.id]));
}

/** Goes on to the next planner, or ends the step. */
export function abandon(draft: Draft, step: StepState, why: Failure): void {
  if (giveUp(draft, step, why)) settle(draft, [draft.step(step.id)]);
  else settle(draft, dispatchReady(draft, [step.id]));
}

/** A person has answered about a proposed plan. */
export function answerProposal(draft: Draft, id: string): void {
  const step = draft.step(id);
  const proposal = step.suspension!.state as unknown as Proposal;
  const data = step.inbox[0]!.data as { readonly approved: boolean; readonly comment?: string };
  if (!data.approved) {
    const message = data.comment ?? 'a person has looked at the plan and does not want it';
    const suggestion = 'make another plan that meets what the person says';
    return reject(draft, step, proposal.text, [diagnose('plan_not_approved', { pointer: '', message, suggestion })]);
  }
  // What the plan may use can have become less since it was proposed.
  const validation = draft.env.validatePlan(proposal.text, planPlace(draft, step));
  if (!validation.ok) return reject(draft, step, proposal.text, validation.diagnostics);
  materialize(draft, step, proposal, validation.valid);
}

const TRUNCATED = diagnose('plan_truncated', {
  pointer: '',
  message: 'the answer was cut off before it was whole',
  suggestion: 'answer with fewer steps or shorter texts',
});

const APPROVAL_SIGNAL = {
  type: 'object',
  required: ['approved'],
  additionalProperties: false,
  properties: { approved: { type: 'boolean' }, comment: { type: 'string', maxLength: 10_000 } },
} as const;

function reject(draft: Draft, step: StepState, answer: string, diagnostics: readonly Diagnostic[]): void {
  const call = { step_id: step.id, at: draft.at, attempt: step.attempt, call: step.plan!.calls };
  draft.emit({ kind: 'plan_rejected', ...call, diagnostics, answer });
  const rejected = draft.step(step.id);
  const { max_attempts } = planningFieldsOf(draft.state, step);
  if (rejected.plan!.refused < max_attempts) return settle(draft, dispatchReady(draft, [step.id]));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const first = errors[0] === undefined ? '' : `; the last one: ${errors[0].message}`;
  abandon(draft, rejected, {
    ...failure('plan_invalid', `none of ${max_attempts} plans could be used${first}`),
    details: { diagnostics: diagnostics as unknown as Failure['details'] & {} },
  });
}

function propose(draft: Draft, step: StepState, proposal: Proposal, valid: ValidFragment): void {
  const { goal, reasoning } = valid.fragment.planning_context;
  const plan = { goal, reasoning, graph: valid.graph, bounds: valid.bounds };
  draft.emit({
    kind: 'step_suspended',
    ...fenceOf(step),
    at: draft.at,
    state: { ...proposal },
    request: {
      title: `Plan of "${step.name}": ${valid.steps.length} steps, at most ${valid.bounds.steps} with their workers`,
      plan: JSON.parse(JSON.stringify(plan)),
    },
    signals: APPROVAL_SIGNAL,
    deadlines: [],
  });
}

/** Makes a plan's steps, all of them or, when the budget no longer allows it, none. */
function materialize(draft: Draft, step: StepState, { call, blob }: Proposal, valid: ValidFragment): void {
  const left = remaining(draft.state, draft.at);
  const { planning_phases = 1, steps = valid.bounds.steps, wall_clock_ms = 1 } = left;
  if (planning_phases < 1) return abandon(draft, step, exhausted(draft, 'planning_phases'));
  if (steps < valid.bounds.steps) return abandon(draft, step, exhausted(draft, 'steps'));
  if (wall_clock_ms === 0) return abandon(draft, step, exhausted(draft, 'wall_clock_ms'));
  const phase = 1;
  const fragment_id = `${step.id}/${phase}`;
  charge(draft, fragment_id, { planning_phases: 1, steps: valid.bounds.steps }, step.id);
  draft.emit({
    kind: 'plan_accepted',
    step_id: step.id,
    at: draft.at,
    attempt: step.attempt,
    call,
    fragment_id,
    fragment: blob,
    bounds: { ...valid.bounds },
    phase,
    size: valid.steps.length,
    exit: valid.exit,
    reasons: valid.fragment.steps.map(({ reasoning }) => reasoning ?? ''),
    gated: valid.steps.flatMap(({ gated, index, definition }) => (gated ? [{ position: index, definition }] : [])),
  });
  const created = createPlanned(draft, draft.state.fragments.get(step.id)!, valid.steps);
  settle(draft, dispatchReady(draft, created));
}

/** What the call really spent; all that was reserved when nobody knows. */
export function settleCall(draft: Draft, step: StepState, usage: PlanUsage | undefined): void {
  const reservation = reservationOf(fenceOf(step));
  const reserved = draft.state.head.account?.open[reservation];
  if (reserved === undefined) return;
  const { planning_phases: _, ...whole } = reserved;
  if (usage === undefined) return settleReservation(draft, reservation, whole);
  settleReservation(draft, reservation, {
    ...(reserved.llm_calls === undefined ? {} : { llm_calls: reserved.llm_calls }),
    tokens: usage.input_tokens + usage.output_tokens,
    cost_usd: usage.cost_usd,
  });
}

function fenceOf({ id, attempt, activation }: StepState): Fence {
  return { step_id: id, attempt, activation };
}

function failure(code: string, message: string): Failure {
  return { code, message, retryable: false };
}

/** Whether a failure of a call may be mended by the same call again. */
export function mayRetry(draft: Draft, step: StepState, why: Failure): boolean {
  const { retry } = compiledOf(draft.state, step).definition;
  return why.retryable && step.attempt - step.attempts_forgiven < retry.max_attempts;
}
