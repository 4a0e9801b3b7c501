import type { Json, JsonObject } from '../json.ts';
import { pointerOf } from './pointer.ts';
import type { Problem } from './problem.ts';

/** How large a JSON value may be. */
export interface SizeLimits {
  /** Arrays and objects inside one another; a scalar has depth 0. */
  readonly depth_max: number;
  /** UTF-16 units of the strings and keys, plus eight for every value. */
  readonly size_max: number;
}

/**
 * Finds out whether a value from outside is small enough to be walked by recursion, and free of `__proto__` keys.
 * Never recurses and stops at the first problem, so that it is safe on anything; undefined when all is well.
 */
export function sizeProblem(value: Json, limits: SizeLimits): Problem | undefined {
  interface Frame {
    readonly key: string | number;
    readonly parent: Frame | undefined;
    readonly depth: number;
    readonly value: Json;
  }
  const at = (frame: Frame | undefined): string => {
    const path: (string | number)[] = [];
    for (let f = frame; f?.parent !== undefined; f = f.parent) path.push(f.key);
    return pointerOf(path.reverse());
  };
  let size = 0;
  const pending: Frame[] = [{ key: '', parent: undefined, depth: 0, value }];
  for (let frame = pending.pop(); frame !== undefined; frame = pending.pop()) {
    size += 8 + (typeof frame.value === 'string' ? frame.value.length : 0);
    if (typeof frame.key === 'string') size += frame.key.length;
    if (size > limits.size_max) {
      return { pointer: '', message: `larger than ${limits.size_max} characters`, expected: limits.size_max };
    }
    if (typeof frame.value !== 'object' || frame.value === null) continue;
    const depth = frame.depth + 1;
    if (depth > limits.depth_max) {
      const pointer = at(frame);
      return { pointer, message: `nested more than ${limits.depth_max} levels deep`, expected: limits.depth_max };
    }
    if (Array.isArray(frame.value)) {
      for (const [key, item] of frame.value.entries()) pending.push({ key, parent: frame, depth, value: item });
      continue;
    }
    for (const [key, item] of Object.entries(frame.value as JsonObject)) {
      const child: Frame = { key, parent: frame, depth, value: item };
      if (key === '__proto__') return { pointer: at(child), message: 'the key "__proto__" is not allowed' };
      pending.push(child);
    }
  }
  return undefined;
}
