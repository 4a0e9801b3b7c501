import type { ModelRequest } from '../../../kernel/index.ts';

/** For what providers put around messages and tools themselves. */
const TOKENS_AROUND = 1_000;

/**
 * How many tokens a text comes to, at the most: a token for two ASCII characters, and for every other byte of UTF-8.
 * Prose has some four characters a token and JSON three, so that this is a bound with a margin. Tokenizers promise none.
 */
export function tokensOf(text: string): number {
  const bytes = Buffer.byteLength(text);
  const ascii = text.length - text.replace(/[ -\u007f]/g, '').length;
  return Math.ceil(ascii / 2) + (bytes - ascii);
}

/** The same for all that a model reads of a request. */
export function promptTokens({ system, messages, tools }: Omit<ModelRequest, 'model' | 'max_tokens'>): number {
  return tokensOf(JSON.stringify([system, messages, tools])) + TOKENS_AROUND;
}
