import { WeftError } from '../../kernel/errors.ts';
import { WHOLE_DATA } from '../transport/message_shapes.ts';
import type { DispatchData, PlanDispatchData, ResultData } from '../transport/messages.ts';
import type { Apart, BlobCodec } from './codec.ts';
import { inflate, type Whole } from './inflate.ts';
import { mapDispatch, mapPlanDispatch, mapResult } from './message_values.ts';
import type { BlobSource } from './port.ts';

/** A dispatch as it is sent, and what has to be there before it is. */
export function dispatchApart(codec: BlobCodec, data: DispatchData): Apart<DispatchData> {
  return codec.apart(data, mapDispatch);
}

/** A planner's call as it is sent, and what has to be there before it is. */
export function planDispatchApart(codec: BlobCodec, data: PlanDispatchData): Apart<PlanDispatchData> {
  return codec.apart(data, mapPlanDispatch);
}

/** A planner's call with its request in its place. @throws store_corrupt, store_unavailable */
export async function wholePlanDispatch(data: PlanDispatchData, source: BlobSource): Promise<PlanDispatchData> {
  const what = `the call for step "${data.identity.step_name}"`;
  return checked('plan', data, await inflate(data, mapPlanDispatch, source, what), what);
}

/** A result as it is sent, and what has to be there before it is. */
export function resultApart(codec: BlobCodec, data: ResultData): Apart<ResultData> {
  return codec.apart(data, mapResult);
}

/** A dispatch with the values that travelled apart in their places. @throws store_corrupt, store_unavailable */
export async function wholeDispatch(data: DispatchData, source: BlobSource): Promise<DispatchData> {
  const what = `the dispatch of step "${data.identity.step_id}"`;
  return checked('dispatch', data, await inflate(data, mapDispatch, source, what), what);
}

/** A result with the values that travelled apart in their places. @throws store_corrupt, store_unavailable */
export async function wholeResult(data: ResultData, source: BlobSource): Promise<ResultData> {
  const what = `the result of step "${data.step_id}"`;
  return checked('result', data, await inflate(data, mapResult, source, what), what);
}

/** The message was checked when it came; what it referred to was not. */
function checked<T>(type: keyof typeof WHOLE_DATA, sent: T, { value }: Whole<T>, what: string): T {
  if (value === sent || WHOLE_DATA[type].fits(value)) return value;
  throw new WeftError('store_corrupt', { problem: `a large value of ${what} is not of the kind that belongs there` });
}
