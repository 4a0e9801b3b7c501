import type { Json, JsonObject } from '../json.ts';
import { jsonSize } from '../schema/size.ts';
import { isObject } from '../schema/walk.ts';
import type { PlanContextItem } from './planner.ts';

/** Smaller values are shown whole, in UTF-16 units of their JSON. */
const VERBATIM_MAX = 1_000;
/** Smaller ones by their shape with samples; larger ones only by what they are. */
const SUMMARY_MAX = 100_000;
/** Whole values are cut off here even when all of them is asked for. */
const FULL_MAX = 256_000;

const SAMPLES = 3;
const KEYS = 40;
const TEXT = 200;
const DEPTH = 4;

/**
 * How a value is shown to a planner: whole while it is small (or all of it is asked for), else its shape with a few
 * samples, else only its type, size and beginning. Never larger than a few kilobytes unless it is whole.
 */
export function contextItem(reference: string, value: Json, full: boolean): PlanContextItem {
  const size = jsonSize(value, FULL_MAX);
  if (size <= (full ? FULL_MAX : VERBATIM_MAX)) return { reference, form: 'verbatim', size, value };
  if (size <= SUMMARY_MAX) return { reference, form: 'summary', size, value: shapeOf(value, DEPTH) };
  return { reference, form: 'reference', size, value: shapeOf(value, 1) };
}

/** A value with long texts, lists and objects cut short; what was left out is counted. */
function shapeOf(value: Json, depth: number): Json {
  if (typeof value === 'string') {
    return value.length <= TEXT ? value : { text: value.slice(0, TEXT).toWellFormed(), length: value.length };
  }
  if (Array.isArray(value)) {
    if (depth === 0) return { items: value.length };
    return { items: value.length, first: value.slice(0, SAMPLES).map((item) => shapeOf(item, depth - 1)) };
  }
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  if (depth === 0) return { keys: keys.length };
  const shown = keys.slice(0, KEYS).map((key) => [key, shapeOf((value as JsonObject)[key]!, depth - 1)] as const);
  const more = keys.length > KEYS ? { more_keys: keys.length - KEYS } : {};
  return { fields: Object.fromEntries(shown), ...more };
}
