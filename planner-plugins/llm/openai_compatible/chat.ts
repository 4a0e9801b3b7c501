import type { Json, JsonObject, ModelAnswer, ModelContent, ModelMessage, ModelRequest } from '../../../kernel/index.ts';

/** A request in the terms of chat completions. */
export function bodyOf(request: ModelRequest): JsonObject {
  const system = request.system.map(({ text }) => text).join('\n\n');
  return {
    model: request.model,
    max_tokens: request.max_tokens,
    stream: false,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...request.messages.flatMap((message) => messagesOf(message)),
    ],
    ...(request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, input_schema, strict }) => ({
            type: 'function',
            function: { name, description, parameters: input_schema, ...(strict ? { strict } : {}) },
          })),
          tool_choice:
            request.tool_choice === undefined ? 'auto' : { type: 'function', function: { name: request.tool_choice } },
        }),
  };
}

/** Each tool result is a message of its own, before whatever else the user says. */
function messagesOf({ role, content }: ModelMessage): JsonObject[] {
  const text = content.flatMap((each) => (each.kind === 'text' ? [each.text] : [])).join('\n\n');
  if (role === 'assistant') {
    const tool_calls = content.flatMap((each) =>
      each.kind === 'tool_use'
        ? [{ id: each.id, type: 'function', function: { name: each.name, arguments: JSON.stringify(each.input) } }]
        : [],
    );
    return [{ role, content: text === '' ? null : text, ...(tool_calls.length > 0 ? { tool_calls } : {}) }];
  }
  const results = content.flatMap((each) =>
    each.kind === 'tool_result' ? [{ role: 'tool', tool_call_id: each.id, content: each.text }] : [],
  );
  return text === '' ? results : [...results, { role, content: text }];
}

/** The parts of a completion that are read; servers differ in all others. */
interface Completion {
  readonly model?: string;
  readonly choices: readonly {
    readonly finish_reason?: string | null;
    readonly message: {
      readonly content?: string | null;
      readonly refusal?: string | null;
      readonly tool_calls?:
        | readonly { readonly id?: string; readonly function: { readonly name: string; readonly arguments: Json } }[]
        | null;
    };
  }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly completion_tokens?: number;
    readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
  } | null;
}

/**
 * What an answer says. A server that counts no tokens is taken to have read what was sent, a token for each three bytes.
 * @throws Error when it is not what the API promises
 */
export function answerOf(raw: Json, request: ModelRequest, latency_ms: number): ModelAnswer {
  const completion = raw as unknown as Completion | null;
  const choice = Array.isArray(completion?.choices) ? completion.choices[0] : undefined;
  if (typeof choice?.message !== 'object' || choice.message === null)
    throw new Error('the body has no choices[0].message');
  const { content, refusal, tool_calls } = choice.message;
  const said: ModelContent[] = [content, refusal].flatMap((text) => (text ? [{ kind: 'text', text }] : []));
  for (const [index, each] of (tool_calls ?? []).entries()) {
    if (typeof each?.function?.name !== 'string') throw new Error(`tool call ${index} has no function name`);
    said.push({ kind: 'tool_use', id: each.id || `call_${index}`, name: each.function.name, input: inputOf(each) });
  }
  const called = said.some(({ kind }) => kind === 'tool_use');
  return {
    content: said,
    stop_reason: stopReasonOf(choice.finish_reason, refusal, called),
    model: completion?.model ?? request.model,
    usage: usageOf(completion?.usage, request, said),
    latency_ms,
    raw,
  };
}

/** Servers write arguments as text; some as an object. What is no JSON stays text, and is refused as such. */
function inputOf({ function: { arguments: given } }: { readonly function: { readonly arguments: Json } }): Json {
  if (typeof given !== 'string') return given ?? null;
  try {
    return JSON.parse(given) as Json;
  } catch {
    return given;
  }
}

/** Some servers say `stop` although tools were called. */
function stopReasonOf(
  finish_reason: string | null | undefined,
  refusal: string | null | undefined,
  called: boolean,
): ModelAnswer['stop_reason'] {
  if (finish_reason === 'length') return 'max_tokens';
  if (refusal || finish_reason === 'content_filter') return 'refusal';
  return called ? 'tool_use' : 'end';
}

function usageOf(
  usage: Completion['usage'],
  request: ModelRequest,
  said: readonly ModelContent[],
): ModelAnswer['usage'] {
  const cached = usage?.prompt_tokens_details?.cached_tokens ?? 0;
  const read = usage?.prompt_tokens ?? estimate({ ...bodyOf(request) });
  return {
    input_tokens: Math.max(0, read - cached),
    output_tokens: usage?.completion_tokens ?? estimate(said as unknown as Json),
    cache_read_tokens: cached,
    cache_write_tokens: 0,
  };
}

const estimate = (value: Json): number => Math.ceil(Buffer.byteLength(JSON.stringify(value)) / 3);
