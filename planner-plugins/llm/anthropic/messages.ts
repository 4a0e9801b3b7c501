import type Anthropic from '@anthropic-ai/sdk';
import type { Json, ModelAnswer, ModelContent, ModelRequest } from '../../../kernel/index.ts';

type Params = Anthropic.MessageCreateParamsNonStreaming;

const CACHED = { cache_control: { type: 'ephemeral' } } as const;

/** A request in the terms of the Messages API. Tools come first in what the provider caches, then the system's parts. */
export function paramsOf(request: ModelRequest): Params {
  return {
    model: request.model,
    max_tokens: request.max_tokens,
    system: request.system.map(({ text, cache }) => ({ type: 'text', text, ...(cache ? CACHED : {}) })),
    messages: request.messages.map(({ role, content }) => ({ role, content: content.map(blockOf) })),
    ...(request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, input_schema, strict }) => ({
            name,
            description,
            input_schema: input_schema as unknown as Anthropic.Tool.InputSchema,
            ...(strict ? { strict } : {}),
          })),
          tool_choice:
            request.tool_choice === undefined ? { type: 'auto' } : { type: 'tool', name: request.tool_choice },
        }),
  };
}

function blockOf(content: ModelContent): Anthropic.ContentBlockParam {
  switch (content.kind) {
    case 'text':
      return { type: 'text', text: content.text };
    case 'tool_use':
      return { type: 'tool_use', id: content.id, name: content.name, input: content.input };
    case 'tool_result':
      return {
        type: 'tool_result',
        tool_use_id: content.id,
        content: content.text,
        ...(content.is_error ? { is_error: true } : {}),
      };
  }
}

/** What an answer says. @throws Error when it is not what the API promises */
export function answerOf(message: Anthropic.Message, latency_ms: number): ModelAnswer {
  if (!Array.isArray(message?.content) || typeof message.usage?.input_tokens !== 'number') {
    throw new Error('the body is no message with content and usage');
  }
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } = message.usage;
  return {
    content: message.content.flatMap(contentOf),
    stop_reason: STOP_REASONS[message.stop_reason ?? 'end_turn'] ?? 'end',
    model: message.model,
    usage: {
      input_tokens,
      output_tokens,
      cache_read_tokens: cache_read_input_tokens ?? 0,
      cache_write_tokens: cache_creation_input_tokens ?? 0,
    },
    latency_ms,
    raw: JSON.parse(JSON.stringify(message)) as Json,
  };
}

const STOP_REASONS: Readonly<Record<string, ModelAnswer['stop_reason']>> = {
  tool_use: 'tool_use',
  max_tokens: 'max_tokens',
  model_context_window_exceeded: 'max_tokens',
  refusal: 'refusal',
};

/** Blocks that are neither text nor a call of one of our tools are the provider's own affair. */
function contentOf(block: Anthropic.ContentBlock): ModelContent[] {
  if (block.type === 'text') return [{ kind: 'text', text: block.text }];
  if (block.type !== 'tool_use') return [];
  return [{ kind: 'tool_use', id: block.id, name: block.name, input: block.input as Json }];
}
