import type { JsonObject } from '../../kernel/json.ts';
import { STEP_LIMIT_NAMES } from '../../kernel/template/step_limits.ts';
import {
  amount,
  anything,
  both,
  choice,
  count,
  either,
  flag,
  list,
  name,
  nothing,
  record,
  type Shape,
  text,
  variant,
} from './shape.ts';

const fence = { task_id: name, step_id: name, attempt: count(1), activation: count() };

const pin = record({ name, version: name, digest: name });

const signal = record({ id: name, at: count(), principal: text, roles: list(text), data: anything }, { reason: text });

/** What stands where a large value travels apart; `anything` may be one as well. */
const reference = record({ $blob: record({ blob: name, bytes: count(), media_type: name }) });

/** What makes a field with a shape one that may travel apart; or, in whole messages, one that does not. */
type Travels = (shape: Shape) => Shape;
const orApart: Travels = (shape) => either(shape, reference);
const whole: Travels = (shape) => shape;

const resume = (may: Travels): Shape => record({ state: anything, signals: may(list(signal)) }, { fired: text });

const egressRule = record(
  { host: name },
  { scheme: choice('http', 'https'), port: count(1), methods: list(name), path: text },
);

const limits = record({}, Object.fromEntries(STEP_LIMIT_NAMES.map((each) => [each, count()])));

const receipt = record({ broker: name, claimed_at: count() });

const deadline = record({ name, after_ms: count() });

const outcome = (may: Travels): Shape =>
  variant({
    complete: record({ result: anything }),
    branch: record({ steps: list(name), result: anything }),
    batches: record({ items: may(list(anything)), max_concurrency: count(), result: anything }),
    suspend: record({
      state: anything,
      request: record({ title: text }),
      signals: anything,
      deadlines: list(deadline),
    }),
  });

const failure = record({ code: name, message: text, retryable: flag }, { retry_after_ms: count(), details: anything });

const dispatch = (may: Travels): Shape =>
  record(
    {
      identity: record({
        ...fence,
        step_name: name,
        namespace: name,
        template_name: name,
        idempotency_key: name,
      }),
      pin,
      config: anything,
      inputs: anything,
      timeout_ms: count(1),
      egress: list(egressRule),
      secrets: list(name),
    },
    { resume: resume(may), limits },
  );

const usage = record({ input_tokens: count(), output_tokens: count(), cache_read_tokens: count(), cost_usd: amount });

const answer = (may: Travels): Shape =>
  record({
    planner: name,
    text: may(text),
    prompt: record({ text: may(text), media_type: name }),
    model: either(name, nothing),
    stop_reason: name,
    usage,
    latency_ms: count(),
  });

const planDispatch = (may: Travels): Shape =>
  record({
    identity: record({
      ...fence,
      step_name: name,
      namespace: name,
      template_name: name,
      idempotency_key: name,
    }),
    planner: name,
    request: may(record({ call: count(1), goal: text })),
    timeout_ms: count(1),
  });

const result = (may: Travels): Shape =>
  both(
    record(fence, { receipt }),
    variant({
      outcome: record({ outcome: outcome(may) }),
      failure: record({ failure }, { usage }),
      plan: record({ answer: answer(may) }),
      unavailable: record({}),
    }),
  );

/** The `data` of each message type. A type's shape is only ever added to; another meaning is another `.v<n>`. */
export const MESSAGE_DATA = {
  'weft.step.dispatch.v1': dispatch(orApart),
  'weft.plan.dispatch.v1': planDispatch(orApart),
  'weft.step.result.v1': result(orApart),
  'weft.step.claim.v1': record({ ...fence, broker: name, claimed_at: count() }),
  'weft.step.cancel.v1': record({ task_id: name, step_id: name }),
} as const satisfies Record<string, Shape>;

/** The `data` of messages that carry values, once those that travelled apart are in their places. */
export const WHOLE_DATA = {
  dispatch: dispatch(whole),
  plan: planDispatch(whole),
  result: result(whole),
} as const;

export type MessageType = keyof typeof MESSAGE_DATA;

/** The JSON Schema (2020-12) of a whole message, envelope included. */
export function messageSchema(type: MessageType): JsonObject {
  const string = { type: 'string', minLength: 1 };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:weft:message:${type}`,
    title: type,
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: string,
      source: string,
      type: { const: type },
      time: { type: 'string', format: 'date-time' },
      subject: string,
      datacontenttype: { const: 'application/json' },
      traceparent: string,
      data: MESSAGE_DATA[type].schema,
    },
  };
}
