import { type Diagnostic, diagnose } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import { type Path, pointerOf } from '../schema/pointer.ts';
import { isObject } from '../schema/walk.ts';

/** How large a template may be. */
export const TEMPLATE_LIMITS = {
  /** UTF-8 bytes of a text. */
  bytes_max: 1024 * 1024,
  /** Of a document: UTF-16 units of its strings, keys and indexes, plus eight for every value. */
  size_max: 16 * 1024 * 1024,
  /** Arrays and objects inside one another. */
  depth_max: 64,
  steps_max: 10_000,
  /** Of all steps together. */
  dependencies_max: 100_000,
  /** Places in one config, or in one step's inputs, that references fill in. */
  references_max: 1_000,
} as const;

/** A document that every later stage may walk by recursion, assign from and put into canonical JSON. */
export interface BoundedDocument {
  /** Absent when the document is too large or too deep to be looked at. */
  readonly document?: Json;
  readonly diagnostics: readonly Diagnostic[];
}

/** Keys that reach the prototype of an object when code assigns them, and the merge key of YAML 1.1. */
const FORBIDDEN_KEYS = new Map([
  ['__proto__', 'use another key'],
  ['constructor', 'use another key'],
  ['prototype', 'use another key'],
  ['<<', 'write the keys out: YAML 1.2 has no merge keys'],
]);

/**
 * First stage: bounds size and depth without recursing, then finds the keys, numbers and texts that nothing may hold.
 * The document that comes back is the same without the forbidden keys.
 */
export function checkLimits(document: Json, size_max: number = TEMPLATE_LIMITS.size_max): BoundedDocument {
  const excess = boundsProblem(document, size_max);
  if (excess !== undefined) return { diagnostics: [excess] };
  const diagnostics: Diagnostic[] = [];
  return { document: sanitize(document, [], diagnostics), diagnostics };
}

/** Goes down level by level, so that no depth can exhaust the stack and no aliases can exhaust the memory. */
function boundsProblem(document: Json, size_max: number): Diagnostic | undefined {
  const { depth_max } = TEMPLATE_LIMITS;
  let size = 0;
  let level: Json[] = [document];
  for (let depth = 0; level.length > 0; depth++) {
    const next: Json[] = [];
    for (const value of level) {
      size += 8 + (typeof value === 'string' ? value.length : 0);
      if (size > size_max) {
        const message = `larger than ${size_max} characters`;
        return diagnose('document_too_large', { pointer: '', message, expected: size_max });
      }
      if (typeof value !== 'object' || value === null) continue;
      if (depth === depth_max) {
        const message = `nested more than ${depth_max} levels deep`;
        return diagnose('document_too_deep', { pointer: '', message, expected: depth_max });
      }
      for (const [key, member] of Object.entries(value)) {
        size += key.length;
        next.push(member);
      }
    }
    level = next;
  }
  return undefined;
}

function sanitize(value: Json, path: Path, diagnostics: Diagnostic[]): Json {
  if (typeof value === 'number') checkNumber(value, path, diagnostics);
  if (typeof value === 'string') checkText(value, path, diagnostics);
  if (Array.isArray(value)) return value.map((item, index) => sanitize(item, [...path, index], diagnostics));
  return isObject(value) ? sanitizeObject(value, path, diagnostics) : value;
}

function sanitizeObject(object: JsonObject, path: Path, diagnostics: Diagnostic[]): JsonObject {
  const clean: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    const at = [...path, key];
    const suggestion = FORBIDDEN_KEYS.get(key);
    if (suggestion !== undefined) {
      const message = `the key ${JSON.stringify(key)} is not allowed`;
      diagnostics.push(diagnose('key_forbidden', { pointer: pointerOf(at), message, suggestion }));
      continue;
    }
    checkText(key, at, diagnostics);
    clean[key] = sanitize(value, at, diagnostics);
  }
  return clean;
}

function checkNumber(value: number, path: Path, diagnostics: Diagnostic[]): void {
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return;
  diagnostics.push(
    diagnose('number_out_of_range', {
      pointer: pointerOf(path),
      message: 'a number must lie between -(2^53 - 1) and 2^53 - 1: beyond, it would change silently',
      got: String(value),
      suggestion: 'write it as a text, in quotes',
    }),
  );
}

/** A lone surrogate has no UTF-8, so two such texts would share one digest. */
function checkText(text: string, path: Path, diagnostics: Diagnostic[]): void {
  if (text.isWellFormed()) return;
  diagnostics.push(
    diagnose('text_not_well_formed', {
      pointer: pointerOf(path),
      message: 'the text holds half of a surrogate pair',
      suggestion: 'write the character itself, or both halves of its escape',
    }),
  );
}
