import type { Json, JsonObject } from '../json.ts';
import type { Path } from '../schema/pointer.ts';
import type { Reference } from '../template/types.ts';
import { formatReference } from './format.ts';
import { scanText } from './text.ts';

/** What stands for a reference, or undefined when it stays as it is. */
export type Rewrite = (reference: Reference) => Pick<Reference, 'root' | 'path'> | undefined;

/**
 * A value with some of its references replaced, as text that parses to them again. What `literalAt` says is the
 * handler's own text, and texts with broken references, stay as they are.
 */
export function rewriteReferences(value: Json, rewrite: Rewrite, literalAt: (path: Path) => boolean): Json {
  const walk = (value: Json, path: Path): Json => {
    if (literalAt(path)) return value;
    if (typeof value === 'string') return rewriteText(value, rewrite);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    return Object.fromEntries(
      Object.entries(value as JsonObject).map(([key, item]) => [key, walk(item, [...path, key])]),
    );
  };
  return walk(value, []);
}

function rewriteText(text: string, rewrite: Rewrite): string {
  const { parts, problems } = scanText(text);
  if (problems.length > 0 || parts.every((part) => typeof part === 'string')) return text;
  const written = parts.map((part) => (typeof part === 'string' ? part : sourceOf(part, rewrite)));
  return parts
    .map((part, at) => (typeof part === 'string' ? escapeText(part, at + 1 < parts.length) : written[at]!))
    .join('');
}

function sourceOf(reference: Reference, rewrite: Rewrite): string {
  const replaced = rewrite(reference);
  return replaced === undefined ? reference.source : formatReference(replaced);
}

/** The escapes that `scanText` undid: each `$` of a run before a `{`, or before the reference that follows, doubled. */
function escapeText(text: string, beforeReference: boolean): string {
  const escaped = text.replace(/\$+(?=\{)/g, (run) => run + run);
  return beforeReference ? escaped.replace(/\$+$/, (run) => run + run) : escaped;
}
