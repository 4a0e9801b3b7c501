import type { Outcome } from '../../kernel/task/commands.ts';
import { at, type MapValue, ofFailure, ofSuspension } from '../../kernel/task/values.ts';
import type { DispatchData, PlanDispatchData, ResultData } from '../transport/messages.ts';

/** A dispatch with each value that may travel apart mapped: config, inputs, the state and the signals it wakes with. */
export function mapDispatch(data: DispatchData, map: MapValue): DispatchData {
  const mapped = at(at(data, 'config', map), 'inputs', map);
  if (mapped.resume === undefined) return mapped;
  return { ...mapped, resume: at(at(mapped.resume, 'state', map), 'signals', map) };
}

/** A planner's call with its request mapped. */
export function mapPlanDispatch(data: PlanDispatchData, map: MapValue): PlanDispatchData {
  return at(data, 'request', map);
}

/** A result with each value that may travel apart mapped; the items of a fan-out are one. */
export function mapResult(data: ResultData, map: MapValue): ResultData {
  switch (data.kind) {
    case 'outcome':
      return { ...data, outcome: mapOutcome(data.outcome, map) };
    case 'failure':
      return { ...data, failure: ofFailure(data.failure, map) };
    case 'plan':
      return { ...data, answer: { ...at(data.answer, 'text', map), prompt: at(data.answer.prompt, 'text', map) } };
    case 'unavailable':
      return data;
  }
}

function mapOutcome(outcome: Outcome, map: MapValue): Outcome {
  switch (outcome.kind) {
    case 'complete':
    case 'branch':
      return at(outcome, 'result', map);
    case 'batches':
      return at(at(outcome, 'result', map), 'items', map);
    case 'suspend':
      return ofSuspension(outcome, map);
  }
}
