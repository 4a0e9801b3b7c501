import type { Json, JsonObject } from '../json.ts';

/**
 * The one text that equal JSON values share: keys sorted by UTF-16 code units, no whitespace, numbers and strings as
 * ECMAScript writes them (RFC 8785). Digests are computed over it. Any depth; no recursion.
 */
export function canonicalJson(value: Json): string {
  let text = '';
  // What is still to be written, last first: a string is written as it is, a box holds a value.
  const pending: (string | { readonly value: Json })[] = [{ value }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') text += next;
    else if (typeof next.value !== 'object' || next.value === null) text += JSON.stringify(next.value);
    else if (Array.isArray(next.value)) {
      text += '[';
      pending.push(']');
      for (let i = next.value.length - 1; i >= 0; i--) pending.push({ value: next.value[i]! }, i > 0 ? ',' : '');
    } else {
      const object = next.value as JsonObject;
      const keys = Object.keys(object).sort();
      text += '{';
      pending.push('}');
      for (let i = keys.length - 1; i >= 0; i--) {
        const key = keys[i]!;
        pending.push({ value: object[key]! }, `${i > 0 ? ',' : ''}${JSON.stringify(key)}:`);
      }
    }
  }
  return text;
}
