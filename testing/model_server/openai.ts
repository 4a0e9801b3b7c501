import type { JsonObject } from '../../kernel/json.ts';
import { type Encoded, eventStream, pieces, type ReplyToolCall, type Said, type Saying } from './reply.ts';

/**
 * What is wrong with a request to `POST /v1/chat/completions`; undefined when nothing is.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
export function openaiProblem(body: JsonObject): string | undefined {
  if (typeof body['model'] !== 'string') return 'you must provide a model parameter';
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0) return "[] is too short - 'messages'";
  let open: readonly string[] = [];
  for (const [index, message] of (messages as JsonObject[]).entries()) {
    const { role, tool_call_id, tool_calls = [] } = message;
    if (role === 'tool') {
      if (!open.includes(String(tool_call_id))) return `messages.[${index}]: no tool call with id ${tool_call_id}`;
      open = open.filter((id) => id !== tool_call_id);
      continue;
    }
    if (open.length > 0) return `messages.[${index}]: tool_call_ids without response: ${open.join(', ')}`;
    if (!['system', 'developer', 'user', 'assistant'].includes(String(role)))
      return `messages.[${index}]: unknown role ${role}`;
    open = (tool_calls as readonly JsonObject[]).map(({ id }) => String(id));
  }
  return open.length > 0 ? `tool_call_ids without response: ${open.join(', ')}` : undefined;
}

/** An error in the form of the API. */
export function openaiError(status: number, message: string): string {
  const type = status === 401 ? 'authentication_error' : status === 429 ? 'rate_limit_exceeded' : 'server_error';
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

/** A reply in the form of chat completions. */
export function encodeOpenai(saying: Saying, stream: boolean): Encoded {
  const { said, model, usage, call } = saying;
  const finish_reason = finishReasonOf(said);
  const counted = {
    prompt_tokens: usage.input + usage.cache_read + usage.cache_write,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.cache_read + usage.cache_write + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cache_read },
  };
  const tool_calls = callsOf(said).map((each, index) => ({
    id: each.id ?? `call_${call}_${index}`,
    type: 'function',
    function: { name: each.name, arguments: each.arguments },
  }));
  const refusal = said.kind === 'refusal' ? said.text : null;
  const content = said.kind === 'refusal' || said.kind === 'malformed_arguments' ? null : (said.text ?? null);
  const envelope = { id: `chatcmpl-${call}`, created: 0, model };
  if (!stream) {
    const message = { role: 'assistant', content, refusal, ...(tool_calls.length > 0 ? { tool_calls } : {}) };
    const choices = [{ index: 0, message, logprobs: null, finish_reason }];
    const body = JSON.stringify({ ...envelope, object: 'chat.completion', choices, usage: counted });
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const deltas: JsonObject[] = [
    { role: 'assistant', content: '' },
    ...(content === null ? [] : pieces(content).map((text) => ({ content: text }))),
    ...(refusal === null ? [] : pieces(refusal).map((text) => ({ refusal: text }))),
    ...tool_calls.flatMap(({ id, type, function: { name, arguments: text } }, index): JsonObject[] => [
      { tool_calls: [{ index, id, type, function: { name, arguments: '' } }] },
      ...pieces(text).map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ];
  const chunk = (choices: readonly JsonObject[], rest: JsonObject = {}) => ({
    data: JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices, ...rest }),
  });
  const body = eventStream([
    ...deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }])),
    chunk([{ index: 0, delta: {}, finish_reason }]),
    chunk([], { usage: counted }),
    { data: '[DONE]' },
  ]);
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body };
}

interface WrittenCall {
  readonly id?: string | undefined;
  readonly name: string;
  readonly arguments: string;
}

function callsOf(said: Said): readonly WrittenCall[] {
  const written = ({ id, name, input }: ReplyToolCall) => ({ id, name, arguments: JSON.stringify(input) });
  if (said.kind === 'tool_calls') return said.calls.map(written);
  if (said.kind === 'malformed_arguments') return [{ name: said.name, arguments: said.text }];
  if (said.kind !== 'truncated' || said.call === undefined) return [];
  // What was written so far: half of it.
  const whole = written(said.call);
  return [{ ...whole, arguments: whole.arguments.slice(0, Math.ceil(whole.arguments.length / 2)) }];
}

function finishReasonOf({ kind }: Said): string {
  if (kind === 'tool_calls' || kind === 'malformed_arguments') return 'tool_calls';
  return kind === 'truncated' ? 'length' : 'stop';
}
