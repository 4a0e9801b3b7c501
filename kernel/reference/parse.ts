import type { Json, JsonObject } from '../json.ts';
import { pointerOf } from '../schema/pointer.ts';
import type { Problem } from '../schema/problem.ts';
import type { CompiledValue, Reference } from '../template/types.ts';
import { failure, type ReferenceProblem, scanReference } from './scan.ts';

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
    const parts: (string | Reference)[] = [];
    let broken = false;
    let literal = '';
    let at = 0;
    for (let brace = text.indexOf('{'); brace >= 0; brace = text.indexOf('{', Math.max(at, brace + 1))) {
      let dollars = 0;
      while (brace - dollars > at && text[brace - dollars - 1] === '$') dollars++;
      if (dollars === 0) continue;
      literal += text.slice(at, brace - dollars) + '$'.repeat(dollars >> 1);
      at = brace;
      if (dollars % 2 === 0) continue;
      const scanned = scanReference(text, brace - 1);
      if (scanned.ok) {
        references.push({ pointer: pointerOf(path), path, reference: scanned.reference });
        if (literal !== '') parts.push(literal);
        literal = '';
        parts.push(scanned.reference);
        at = scanned.end;
      } else {
        problems.push({
          pointer: pointerOf(path),
          message: `not a reference at column ${scanned.column}: ${scanned.problem}`,
          got: excerpt(text, brace - 1),
          suggestion: scanned.suggestion ?? 'write "$${" for the text "${"',
        });
        broken = true;
      }
    }
    if (broken) return { kind: 'literal', value: null };
    literal += text.slice(at);
    if (parts.length === 0) return { kind: 'literal', value: literal };
    if (literal !== '') parts.push(literal);
    const [only] = parts;
    return parts.length === 1 && typeof only === 'object'
      ? { kind: 'reference', reference: only }
      : { kind: 'text', parts };
  };

  return { compiled: compile(value, []), problems, references };
}

/** Whether nothing in `source` was a reference or an escape. */
const stands = (compiled: CompiledValue, source: Json) => compiled.kind === 'literal' && compiled.value === source;

function excerpt(text: string, start: number): string {
  const excerpt = text.slice(start, start + 80);
  return excerpt.slice(0, excerpt.indexOf('}') + 1 || excerpt.length);
}
