import type { Json, JsonObject } from '../json.ts';
import { pointerOf } from '../schema/pointer.ts';
import type { Problem } from '../schema/problem.ts';
import type { CompiledValue, Reference } from '../template/types.ts';
import { failure, type ReferenceProblem, scanReference } from './scan.ts';
import { scanText } from './text.ts';

/** Parses one whole reference, `${` and `}` included. Never throws. */
export function parseReference(
  source: string,
): { readonly ok: true; readonly reference: Reference } | ReferenceProblem {
  if (!source.startsWith('${')) return failure('a reference starts with "${"', 0);
  const scanned = scanReference(source, 0);
  if (!scanned.ok) return scanned;
  if (scanned.end < source.length) return failure('a reference ends with its "}", but more text follows', scanned.end);
  return { ok: true, reference: scanned.reference };
}

/** How deep a value with references may be nested. */
export const COMPILED_DEPTH_MAX = 64;

type ValuePath = readonly (string | number)[];

export interface CompileOptions {
  /** True for values whose text belongs to the handler (an expression): nothing in or below them is a reference. */
  readonly literalAt?: (path: ValuePath) => boolean;
}

/** A reference and the value it stands in; `pointer` and `path` say the same. */
export interface PlacedReference {
  readonly pointer: string;
  readonly path: ValuePath;
  readonly reference: Reference;
}

export interface CompiledReferences {
  /** Broken references stand as `null` in it. */
  readonly compiled: CompiledValue;
  readonly problems: readonly Problem[];
  /** Every good reference and where it stands, in document order. */
  readonly references: readonly PlacedReference[];
}

/**
 * Finds and parses every reference in a value once. A string that is one reference keeps the type of what it refers
 * to; references inside text are interpolated. Before a `{`, `$$` stands for one `$`: `$${x}` is the text `${x}`, and
 * `$$${x}` a dollar sign and a reference. Keys are never interpolated. Never throws; linear in the value's size.
 */
export function compileValue(value: Json, options: CompileOptions = {}): CompiledReferences {
  const problems: Problem[] = [];
  const references: PlacedReference[] = [];

  const compile = (value: Json, path: ValuePath): CompiledValue => {
    if (options.literalAt?.(path)) return { kind: 'literal', value };
    if (typeof value === 'string') return compileText(value, path);
    if (typeof value !== 'object' || value === null) return { kind: 'literal', value };
    if (path.length >= COMPILED_DEPTH_MAX) {
      problems.push({ pointer: pointerOf(path), message: `nested more than ${COMPILED_DEPTH_MAX} levels deep` });
      return { kind: 'literal', value: null };
    }
    return Array.isArray(value) ? compileArray(value, path) : compileObject(value as JsonObject, path);
  };

  const compileArray = (value: readonly Json[], path: ValuePath): CompiledValue => {
    const items = value.map((item, index) => compile(item, [...path, index]));
    return items.every((item, index) => stands(item, value[index]!))
      ? { kind: 'literal', value }
      : { kind: 'array', items };
  };

  const compileObject = (value: JsonObject, path: ValuePath): CompiledValue => {
    const entries = Object.entries(value).map(([key, item]) => [key, compile(item, [...path, key])] as const);
    return entries.every(([key, item]) => stands(item, value[key]!))
      ? { kind: 'literal', value }
      : { kind: 'object', entries };
  };

  const compileText = (text: string, path: ValuePath): CompiledValue => {
    const { parts, problems: broken } = scanText(text);
    for (const part of parts) {
      if (typeof part === 'object') references.push({ pointer: pointerOf(path), path, reference: part });
    }
    for (const { column, problem, source, suggestion = 'write "$${" for the text "${"' } of broken) {
      const message = `not a reference at column ${column}: ${problem}`;
      problems.push({ pointer: pointerOf(path), message, got: source, suggestion });
    }
    if (broken.length > 0) return { kind: 'literal', value: null };
    if (parts.length > 1) return { kind: 'text', parts };
    const [only = ''] = parts;
    return typeof only === 'string' ? { kind: 'literal', value: only } : { kind: 'reference', reference: only };
  };

  return { compiled: compile(value, []), problems, references };
}

/** Whether nothing in `source` was a reference or an escape. */
const stands = (compiled: CompiledValue, source: Json) => compiled.kind === 'literal' && compiled.value === source;
