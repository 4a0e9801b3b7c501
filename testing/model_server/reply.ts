import type { Json } from '../../kernel/json.ts';

/** A tool that the model calls. */
export interface ReplyToolCall {
  readonly name: string;
  readonly input: Json;
  /** Made up when absent. */
  readonly id?: string;
}

/** What a model is to say to one request, or what is to go wrong instead. */
export type Reply =
  /** Calls tools, several at once when there are several; `text` comes before them. */
  | { readonly kind: 'tool_calls'; readonly calls: readonly ReplyToolCall[]; readonly text?: string }
  /** Prose where a tool call was wanted. */
  | { readonly kind: 'text'; readonly text: string }
  /** Runs into `max_tokens`, in the middle of prose, or of a call when there is one. */
  | { readonly kind: 'truncated'; readonly text: string; readonly call?: ReplyToolCall }
  | { readonly kind: 'refusal'; readonly text: string }
  /** Calls a tool with arguments that are no JSON. Of Anthropic only a stream can hold that; without one the body is none. */
  | { readonly kind: 'malformed_arguments'; readonly name: string; readonly text: string }
  /** Status 200 and this text as the body. */
  | { readonly kind: 'malformed_body'; readonly text: string }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly message?: string;
      /** The header `Retry-After`, as it is written. */
      readonly retry_after?: string;
    }
  /** Sends another reply's bytes a few at a time. */
  | { readonly kind: 'drip'; readonly reply: Reply; readonly bytes: number; readonly every_ms: number }
  /** Hangs up: before anything was sent, or in the middle of another reply's body. */
  | { readonly kind: 'dropped'; readonly reply?: Reply };

/** A body in a provider's form. */
export interface Encoded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the encoders of both providers work from. */
export type Said = Exclude<Reply, { kind: 'drip' | 'dropped' | 'error' | 'malformed_body' }>;

/** What a reply counts. */
export interface ServedUsage {
  /** Without what the cache was read or written for. */
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** What one request is answered with. */
export interface Saying {
  readonly said: Said;
  readonly model: string;
  readonly usage: ServedUsage;
  /** Counts the requests from 1; ids derive from it. */
  readonly call: number;
}

/** Calls one tool, as a model does that follows its instructions. */
export function toolCall(name: string, input: Json): Reply {
  return { kind: 'tool_calls', calls: [{ name, input }] };
}

/** A server-sent event stream of these events. */
export function eventStream(events: readonly { readonly event?: string; readonly data: string }[]): string {
  return events.map(({ event, data }) => `${event === undefined ? '' : `event: ${event}\n`}data: ${data}\n\n`).join('');
}

/** A text in pieces, as streams deliver it. */
export function pieces(text: string, size = 24): readonly string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? [''];
}
