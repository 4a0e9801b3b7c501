import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Command, Fence } from '../../kernel/task/commands.ts';
import { plannerOf } from '../../kernel/task/plan_call.ts';
import { planRequest } from '../../kernel/task/plan_request.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import type { StepIdentity } from '../sandbox/port.ts';
import type { PlanDispatchData, ResultData } from '../transport/messages.ts';

/** What a result that is no planner's answer tells the kernel. */
export function commandOf(result: Exclude<ResultData, { kind: 'plan' }>, at: number): Command {
  const fence = { ...fenceOf(result), at, ...(result.receipt === undefined ? {} : { receipt: result.receipt }) };
  switch (result.kind) {
    case 'outcome':
      return { kind: 'record_outcome', ...fence, outcome: result.outcome };
    case 'failure':
      return {
        kind: 'record_failure',
        ...fence,
        failure: result.failure,
        ...(result.usage === undefined ? {} : { usage: result.usage }),
      };
    case 'unavailable':
      return { kind: 'record_unavailable', ...fence };
  }
}

/** Who runs what, as a dispatch says. */
export function identityOf({ head, compiled: { template } }: TaskState, step: StepState): StepIdentity {
  return {
    task_id: head.id,
    step_id: step.id,
    step_name: step.name,
    namespace: template.namespace,
    template_name: template.name,
    attempt: step.attempt,
    activation: step.activation,
    idempotency_key: step.id,
  };
}

/** The call that a dispatched planning step asks for; `catalog` has the newest version of a name first. */
export function planDispatch(
  state: TaskState,
  step: StepState,
  catalog: readonly CatalogEntry[],
  now: number,
): PlanDispatchData {
  const { definition } = compiledOf(state, step);
  const request = planRequest(state, step, catalog, now);
  const { wall_clock_ms = definition.timeout_ms } = request.constraints.remaining;
  return {
    identity: identityOf(state, step),
    planner: plannerOf(state, step)!,
    request,
    timeout_ms: Math.max(1, Math.min(definition.timeout_ms, wall_clock_ms)),
    ...(state.head.traceparent === undefined ? {} : { traceparent: state.head.traceparent }),
  };
}

/** Which dispatch a result is of. */
export function fenceOf({ step_id, attempt, activation }: ResultData): Fence {
  return { step_id, attempt, activation };
}

/** The current dispatch of a step. */
export function dispatchOf({ id, attempt, activation }: StepState): Fence {
  return { step_id: id, attempt, activation };
}
