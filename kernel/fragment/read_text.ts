import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json } from '../json.ts';
import { pointerOf } from '../schema/pointer.ts';
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
  const { isTooDeep, duplicates } = scan(text, FRAGMENT_LIMITS.depth_max);
  if (isTooDeep) {
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
  return { document, diagnostics: duplicates };
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

/** An object or array that is open: the key or index at which it is read, and the keys it has had. */
interface Open {
  at: string | number;
  /** Undefined in an array. */
  readonly keys: Set<string> | undefined;
  expectsKey: boolean;
}

/** What a look at the text alone tells. Of a text that is not JSON, something. */
interface Scanned {
  readonly isTooDeep: boolean;
  /** Keys that an object has twice. */
  readonly duplicates: readonly Diagnostic[];
}

/** Reads brackets and keys, without recursion, up to the first place that is too deep. */
function scan(text: string, depth_max: number): Scanned {
  const duplicates: Diagnostic[] = [];
  const open: Open[] = [];
  for (let at = 0; at < text.length; at++) {
    const top = open.at(-1);
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const start = at++;
        while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
        if (top?.expectsKey === true) readKey(top, text.slice(start, at + 1), open, duplicates);
        break;
      }
      case OPEN_BRACE:
        open.push({ at: '', keys: new Set(), expectsKey: true });
        break;
      case OPEN_BRACKET:
        open.push({ at: 0, keys: undefined, expectsKey: false });
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        open.pop();
        break;
      case COMMA:
        if (top === undefined) break;
        if (top.keys === undefined) top.at = Number(top.at) + 1;
        else top.expectsKey = true;
    }
    if (open.length > depth_max) return { isTooDeep: true, duplicates };
  }
  return { isTooDeep: false, duplicates };
}

function readKey(object: Open, token: string, open: readonly Open[], duplicates: Diagnostic[]): void {
  const key = keyOf(token);
  object.at = key;
  object.expectsKey = false;
  if (object.keys!.has(key)) {
    const message = `the key ${JSON.stringify(key)} is already there`;
    const pointer = pointerOf(open.map(({ at }) => at));
    duplicates.push(diagnose('key_duplicate', { pointer, message, suggestion: 'remove one of the two' }));
  }
  object.keys!.add(key);
}

/** The same key may be written in several ways. */
function keyOf(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
