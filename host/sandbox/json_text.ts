import type { Json } from '../../kernel/json.ts';

/** Levels of any JSON text. */
export const DEPTH_MAX = 64;

/** What a guest gave back breaks the contract; the message names the part. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError';
}

/** What a guest gave back is more than the contract takes; the message names the part and the limit. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/**
 * Parses a JSON text that a guest made: at most 64 levels deep or fewer, every number finite, no `__proto__` key, so that
 * whatever handles the value later may recurse, store and merge it.
 *
 * @param what names the text in messages, as `result`.
 * @throws MalformedError
 */
export function parseJsonText(text: string, what: string, depthMax = DEPTH_MAX): Json {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedError(`${what} is not JSON: ${(error as Error).message}`);
  }
  const pending: { readonly value: Json; readonly depth: number }[] = [{ value, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next.value === 'number' && !Number.isFinite(next.value)) {
      throw new MalformedError(`${what} has a number beyond the range of a double`);
    }
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > depthMax) throw new MalformedError(`${what} is more than ${depthMax} levels deep`);
    if (Object.hasOwn(next.value, '__proto__')) throw new MalformedError(`${what} has a key "__proto__"`);
    for (const part of Object.values(next.value)) pending.push({ value: part, depth: next.depth + 1 });
  }
  return value;
}
