import type { Json } from '../guest/index.ts';

/** A text that two values share exactly when they are equal, whatever the order of their fields. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_key, each: Json) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
