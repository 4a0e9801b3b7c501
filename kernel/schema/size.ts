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

/** A value on the way from the root, so that its pointer is made only when it is told. */
interface Frame {
  readonly key: string | number;
  readonly parent: Frame | undefined;
  readonly depth: number;
  readonly value: Json;
}

/**
 * Finds out whether a value from outside is small enough to be walked by recursion, and free of `__proto__` keys.
 * Never recurses and stops at the first problem, so that it is safe on anything; undefined when all is well.
 */
export function sizeProblem(value: Json, { depth_max, size_max }: SizeLimits): Problem | undefined {
  let size = 8;
  const pending: Frame[] = [{ key: '', parent: undefined, depth: 0, value }];
  for (let frame = pending.pop(); frame !== undefined; frame = pending.pop()) {
    const parent = frame;
    size += typeof frame.value === 'string' ? frame.value.length : 0;
    if (typeof frame.value === 'object' && frame.value !== null) {
      const depth = frame.depth + 1;
      if (depth > depth_max) {
        return { pointer: place(frame), message: `nested more than ${depth_max} levels deep`, expected: depth_max };
      }
      const keys = Array.isArray(frame.value) ? frame.value.keys() : Object.keys(frame.value);
      for (const key of keys) {
        const child: Frame = { key, parent, depth, value: (frame.value as JsonObject)[key]! };
        if (key === '__proto__') return { pointer: place(child), message: 'the key "__proto__" is not allowed' };
        size += 8 + (typeof key === 'string' ? key.length : 0);
        if (size > size_max) break;
        pending.push(child);
      }
    }
    if (size > size_max) return { pointer: '', message: `larger than ${size_max} characters`, expected: size_max };
  }
  return undefined;
}

function place(frame: Frame): string {
  const path: (string | number)[] = [];
  for (let at: Frame | undefined = frame; at.parent !== undefined; at = at.parent) path.push(at.key);
  return pointerOf(path.reverse());
}

/** `JSON.stringify` is safe at this depth, and nobody's data is deeper. */
const DEPTH_MAX = 1_000;

/**
 * How many UTF-16 units the JSON of a value has, each escape counted as the one it stands for. Stops early with a larger number
 * than `enough` once that is passed; Infinity for values too deep to be written. Never recurses.
 */
export function jsonSize(value: Json, enough = Number.POSITIVE_INFINITY): number {
  let size = 0;
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return Number.POSITIVE_INFINITY;
    const below: Json[] = [];
    for (const item of level) {
      if (typeof item === 'string') size += item.length + 2;
      else if (typeof item !== 'object' || item === null) size += String(item).length;
      else if (Array.isArray(item)) {
        size += 2 + Math.max(0, item.length - 1);
        for (const each of item) below.push(each);
      } else {
        const keys = Object.keys(item);
        size += 2 + Math.max(0, keys.length - 1);
        for (const key of keys) {
          size += key.length + 3;
          below.push((item as JsonObject)[key]!);
        }
      }
      if (size > enough) return size;
    }
    level = below;
  }
  return size;
}
