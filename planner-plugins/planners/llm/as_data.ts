import { canonicalJson, type Json } from '../../../kernel/index.ts';

/**
 * JSON in which no tag can begin: whatever somebody submitted, it does not end the part of the prompt that it stands in.
 * The same value gives the same text.
 */
export function asData(value: Json): string {
  return canonicalJson(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
}
