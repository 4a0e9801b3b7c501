import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json } from '../json.ts';
import { type Path, pointerOf } from '../schema/pointer.ts';
import type { Problem } from '../schema/problem.ts';
import { FRAGMENT_LIMITS } from './limits.ts';

/** What a text came to; no document when it cannot be read. */
export interface ReadFragment {
  readonly document?: Json;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the JSON of a planner. Size and nesting are bounded before anything recurses, and keys that stand twice, of
 * which a parser would silently take the last, are found. Total; linear in the text.
 */
export function readFragmentText(text: string): ReadFragment {
  const { bytes_max } = FRAGMENT_LIMITS;
  const failed = (code: DiagnosticCode, problem: Omit<Problem, 'pointer'>): ReadFragment => ({
    diagnostics: [diagnose(code, { pointer: '', ...problem })],
  });
  // No UTF-16 unit takes less than one byte, so that texts far too long are not even counted.
  const bytes = text.length > bytes_max ? text.length : utf8Length(text);
  if (bytes > bytes_max) {
    const message = `the text has more than ${bytes_max} bytes`;
    return failed('document_too_large', { message, expected: bytes_max, suggestion: 'plan fewer or smaller steps' });
  }
  if (isDeeperThan(text, FRAGMENT_LIMITS.depth_max)) {
    const message = `nested more than ${FRAGMENT_LIMITS.depth_max} levels deep`;
    return failed('document_too_deep', { message, expected: FRAGMENT_LIMITS.depth_max });
  }
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch (error) {
    const message = `not JSON: ${(error as Error).message}`;
    return failed('json_invalid', { message, expected: 'one JSON object', ...hint(text) });
  }
  return { document, diagnostics: duplicateKeys(text) };
}

/** What models put around JSON. */
function hint(text: string): { readonly suggestion: string } {
  const trimmed = text.trim();
  if (trimmed === '') return { suggestion: 'submit a fragment' };
  if (trimmed.includes('```')) return { suggestion: 'submit the object alone, without a code fence' };
  if (!trimmed.startsWith('{')) return { suggestion: 'submit the object alone, without text before it' };
  return { suggestion: 'close every object, array and text; no comments, no commas at the end' };
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair stands for two of its four bytes; a half alone becomes three.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

const STRUCTURE: ReadonlySet<string> = new Set('{}[],:');

/** The texts of a JSON document, quotes included, and what stands between values; of any other text, something. */
function* tokensOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (STRUCTURE.has(character)) yield character;
    if (character !== '"') continue;
    const start = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    yield text.slice(start, at + 1);
  }
}

function isDeeperThan(text: string, depth_max: number): boolean {
  let depth = 0;
  for (const token of tokensOf(text)) {
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (depth > depth_max) return true;
  }
  return false;
}

/** An object or array that is open: the key or index at which it is read, and the keys it has had. */
interface Open {
  at: string | number;
  readonly keys: Set<string> | undefined;
  expectsKey: boolean;
}

/** Keys that an object has twice; the text is known to be JSON. */
function duplicateKeys(text: string): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const open: Open[] = [];
  const path = (): Path => open.map(({ at }) => at);
  for (const token of tokensOf(text)) {
    const top = open.at(-1);
    if (token === '{') open.push({ at: '', keys: new Set(), expectsKey: true });
    else if (token === '[') open.push({ at: 0, keys: undefined, expectsKey: false });
    else if (token === '}' || token === ']') open.pop();
    else if (top === undefined) continue;
    else if (token === ',' && top.keys === undefined) top.at = Number(top.at) + 1;
    else if (token === ',') top.expectsKey = true;
    else if (token !== ':' && top.expectsKey) {
      const key = JSON.parse(token) as string;
      top.at = key;
      top.expectsKey = false;
      if (top.keys!.has(key)) {
        const message = `the key ${JSON.stringify(key)} is already there`;
        const suggestion = 'remove one of the two';
        found.push(diagnose('key_duplicate', { pointer: pointerOf(path()), message, suggestion }));
      }
      top.keys!.add(key);
    }
  }
  return found;
}
