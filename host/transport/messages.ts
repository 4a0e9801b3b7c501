import type { Json } from '../../kernel/json.ts';
import type { PlanRequest, PlanUsage } from '../../kernel/planning/planner.ts';
import type { Fence, Outcome } from '../../kernel/task/commands.ts';
import type { Failure, HandlerPin, Receipt } from '../../kernel/task/events.ts';
import type { Resume } from '../../kernel/task/state.ts';
import type { NarrowedLimits } from '../../kernel/template/step_limits.ts';
import type { EgressRule } from '../../kernel/template/types.ts';
import type { StepIdentity } from '../sandbox/port.ts';
import { MESSAGE_DATA, type MessageType } from './message_shapes.ts';
import type { CloudEvent } from './port.ts';

/** Everything a broker needs to run one dispatch of a step. Secrets are names and placeholders, never values. */
export interface DispatchData {
  readonly identity: StepIdentity;
  readonly pin: HandlerPin;
  /** References filled in. */
  readonly config: Json;
  readonly inputs: Json;
  /** Present when a suspended step wakes. */
  readonly resume?: Resume;
  readonly timeout_ms: number;
  /** What template and step narrow; the broker's own limits hold besides. */
  readonly limits?: NarrowedLimits;
  /** Where the template lets its steps connect to. */
  readonly egress: readonly EgressRule[];
  /** Names of the secrets that the template lists. */
  readonly secrets: readonly string[];
  /** W3C trace context of the task; travels in the envelope. */
  readonly traceparent?: string;
}

/** Everything a planning worker needs for one call of a planner. */
export interface PlanDispatchData {
  readonly identity: StepIdentity;
  /** Name of the planner to ask. */
  readonly planner: string;
  readonly request: PlanRequest;
  readonly timeout_ms: number;
  readonly traceparent?: string;
}

/** What a call of a planner brought. */
export interface AnswerData {
  readonly planner: string;
  readonly text: string;
  readonly asks?: boolean;
  readonly prompt: { readonly text: string; readonly media_type: string };
  readonly model: string | null;
  readonly stop_reason: string;
  readonly usage: PlanUsage;
  readonly latency_ms: number;
}

/** One dispatch of a step of a task. */
export type TaskFence = Fence & { readonly task_id: string };

/** How a dispatch ended; `unavailable` when the broker does not have the pinned component. */
export type ResultData = TaskFence & {
  readonly receipt?: Receipt;
  readonly traceparent?: string;
} & (
    | { readonly kind: 'outcome'; readonly outcome: Outcome }
    | {
        readonly kind: 'failure';
        readonly failure: Failure;
        /** What a planner's call spent nevertheless, when that is known. */
        readonly usage?: PlanUsage;
      }
    | { readonly kind: 'plan'; readonly answer: AnswerData }
    | { readonly kind: 'unavailable' }
  );

/** Who runs a dispatch since when. */
export type ClaimData = TaskFence & { readonly broker: string; readonly claimed_at: number };

/** A step whose run is of no use any more. */
export interface CancelData {
  readonly task_id: string;
  readonly step_id: string;
}

/** The message that asks a broker to run a step; its id is `<step id>/<attempt>/<activation>`. `now` is ms since 1970. */
export function dispatchMessage(data: DispatchData, now: number): CloudEvent {
  return envelope('weft.step.dispatch.v1', ORCHESTRATOR, data.identity.step_id, dispatchId(data.identity), data, now);
}

/** The message that asks a planning worker for one call; ids as those of dispatches. */
export function planMessage(data: PlanDispatchData, now: number): CloudEvent {
  return envelope(PLAN, ORCHESTRATOR, data.identity.step_id, dispatchId(data.identity), data, now);
}

/** The message that tells how a dispatch ended. */
export function resultMessage(data: ResultData, now: number): CloudEvent {
  return envelope('weft.step.result.v1', BROKER, data.step_id, `${dispatchId(data)}/result`, data, now);
}

/** The message that tells who runs a dispatch. */
export function claimMessage(data: ClaimData, now: number): CloudEvent {
  return envelope(CLAIM, BROKER, data.step_id, `${dispatchId(data)}/claim`, data, now);
}

/** The message that asks every broker to stop running a step. */
export function cancelMessage(data: CancelData, now: number): CloudEvent {
  return envelope(CANCEL, ORCHESTRATOR, data.step_id, `${data.step_id}/cancel`, data, now);
}

/** The dispatch in a message; undefined when it is another message or malformed. */
export function readDispatch(message: CloudEvent): DispatchData | undefined {
  return read<DispatchData>('weft.step.dispatch.v1', message);
}

/** The call of a planner in a message; undefined when it is another message or malformed. */
export function readPlanDispatch(message: CloudEvent): PlanDispatchData | undefined {
  return read<PlanDispatchData>(PLAN, message);
}

/** The result in a message; undefined when it is another message or malformed. */
export function readResult(message: CloudEvent): ResultData | undefined {
  return read<ResultData>('weft.step.result.v1', message);
}

/** The claim in a message; undefined when it is another message or malformed. */
export function readClaim(message: CloudEvent): ClaimData | undefined {
  return read<ClaimData>(CLAIM, message);
}

/** The cancellation in a message; undefined when it is another message or malformed. */
export function readCancel(message: CloudEvent): CancelData | undefined {
  return read<CancelData>(CANCEL, message);
}

/** Type of the messages that tell who runs a dispatch. */
export const CLAIM = 'weft.step.claim.v1';
/** Type of the messages that ask brokers to stop running a step. */
export const CANCEL = 'weft.step.cancel.v1';

/** Type of the messages that ask for a call of a planner. */
const PLAN = 'weft.plan.dispatch.v1';

const ORCHESTRATOR = '/weft/orchestrator';
const BROKER = '/weft/broker';

function dispatchId({ step_id, attempt, activation }: Fence): string {
  return `${step_id}/${attempt}/${activation}`;
}

function envelope(
  type: MessageType,
  source: string,
  subject: string,
  id: string,
  content: object & { readonly traceparent?: string },
  now: number,
): CloudEvent {
  const { traceparent } = content;
  return {
    specversion: '1.0',
    id,
    source,
    type,
    time: new Date(now).toISOString(),
    subject,
    datacontenttype: 'application/json',
    ...(traceparent === undefined ? {} : { traceparent }),
    data: (traceparent === undefined ? content : dataOf(content)) as CloudEvent['data'],
  };
}

/** The content besides what travels in the envelope. */
function dataOf({ traceparent: _, ...data }: object & { readonly traceparent?: string }): object {
  return data;
}

function read<T extends object>(type: MessageType, message: CloudEvent): T | undefined {
  if (message.type !== type || !MESSAGE_DATA[type].fits(message.data)) return undefined;
  const { traceparent, data } = message;
  return (typeof traceparent === 'string' ? { ...data, traceparent } : data) as unknown as T;
}
