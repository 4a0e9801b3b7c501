import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Encoded, eventStream, pieces, type ReplyToolCall, type Said, type Saying } from './reply.ts';

/**
 * What is wrong with a request to `POST /v1/messages`, as the Messages API would say it; undefined when nothing is.
 * https://docs.anthropic.com/en/api/messages
 */
export function anthropicProblem(body: JsonObject): string | undefined {
  if (typeof body['model'] !== 'string') return 'model: Field required';
  if (!Number.isInteger(body['max_tokens']) || (body['max_tokens'] as number) < 1) return 'max_tokens: Field required';
  const messages = body['messages'];
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  let open: readonly string[] = [];
  for (const [index, message] of (messages as JsonObject[]).entries()) {
    const { role, content } = message;
    if (role !== (index % 2 === 0 ? 'user' : 'assistant')) return `messages.${index}: roles must alternate`;
    const blocks = typeof content === 'string' ? [] : (content as readonly JsonObject[]);
    if (typeof content !== 'string' && blocks.length === 0) return `messages.${index}: content is empty`;
    if (blocks.some(({ type, text }) => type === 'text' && text === ''))
      return `messages.${index}: text content blocks must be non-empty`;
    if (role === 'assistant') {
      open = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => String(id));
      continue;
    }
    const answered = blocks.filter(({ type }) => type === 'tool_result').map(({ tool_use_id }) => String(tool_use_id));
    const missing = open.find((id) => !answered.includes(id));
    if (missing !== undefined) return `messages.${index}: tool_use ids without tool_result blocks: ${missing}`;
    const stray = answered.find((id) => !open.includes(id));
    if (stray !== undefined) return `messages.${index}: unexpected tool_use_id found in tool_result blocks: ${stray}`;
  }
  if (messages.length % 2 === 0) return 'messages: the last message must be the user’s';
  const marked = JSON.stringify(body).split('"cache_control":').length - 1;
  return marked > 4 ? 'A maximum of 4 blocks with cache_control may be provided' : undefined;
}

/** What of a request the provider would cache: all up to the last mark, tools and system first. Empty without one. */
export function cachedPrefix(body: JsonObject): string {
  const text = JSON.stringify([body['tools'] ?? [], body['system'] ?? [], body['messages']]);
  const end = text.lastIndexOf('"cache_control"');
  return end < 0 ? '' : text.slice(0, end);
}

/** An error in the form of the Messages API. */
export function anthropicError(status: number, message: string): string {
  return JSON.stringify({ type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message } });
}

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** A reply in the form of the Messages API. */
export function encodeAnthropic(saying: Saying, stream: boolean): Encoded {
  const { said, model, usage, call } = saying;
  const blocks = contentOf(said, call);
  const counted = {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cache_write,
    cache_read_input_tokens: usage.cache_read,
    output_tokens: usage.output,
  };
  const ended = { stop_reason: stopReasonOf(said), stop_sequence: null };
  const message = { id: `msg_${call}`, type: 'message', role: 'assistant', model };
  if (!stream) {
    const broken = said.kind === 'malformed_arguments';
    const body = JSON.stringify({ ...message, content: blocks.map(wholeBlock), ...ended, usage: counted });
    return json(broken ? body.replace('"input":{}', `"input":${said.text}`) : body);
  }
  const events: JsonObject[] = [
    {
      type: 'message_start',
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...counted, output_tokens: 1 },
      },
    },
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    { type: 'message_delta', delta: ended, usage: { output_tokens: usage.output } },
    { type: 'message_stop' },
  ];
  const body = eventStream(events.map((event) => ({ event: String(event['type']), data: JSON.stringify(event) })));
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body };
}

type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly json: string };

function contentOf(said: Said, call: number): readonly Block[] {
  const text = (value: string | undefined): Block[] => (value ? [{ type: 'text', text: value }] : []);
  const use = ({ name, input, id }: ReplyToolCall, index: number): Block => ({
    type: 'tool_use',
    id: id ?? `toolu_${call}_${index}`,
    name,
    json: JSON.stringify(input),
  });
  switch (said.kind) {
    case 'tool_calls':
      return [...text(said.text), ...said.calls.map(use)];
    case 'truncated':
      return [...text(said.text), ...(said.call === undefined ? [] : [use(said.call, 0)])];
    case 'malformed_arguments':
      return [{ type: 'tool_use', id: `toolu_${call}_0`, name: said.name, json: said.text }];
    default:
      return text(said.text);
  }
}

function stopReasonOf({ kind }: Said): string {
  if (kind === 'tool_calls' || kind === 'malformed_arguments') return 'tool_use';
  return kind === 'truncated' ? 'max_tokens' : kind === 'refusal' ? 'refusal' : 'end_turn';
}

function wholeBlock(block: Block): Json {
  if (block.type === 'text') return { ...block, citations: null };
  const { json, ...rest } = block;
  return { ...rest, input: isJson(json) ? (JSON.parse(json) as Json) : {} };
}

function blockEvents(block: Block, index: number): JsonObject[] {
  const [start, deltas] =
    block.type === 'text'
      ? [{ type: 'text', text: '' }, pieces(block.text).map((text) => ({ type: 'text_delta', text }))]
      : [
          { type: 'tool_use', id: block.id, name: block.name, input: {} },
          pieces(block.json).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
        ];
  return [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const json = (body: string): Encoded => ({ status: 200, headers: { 'content-type': 'application/json' }, body });
