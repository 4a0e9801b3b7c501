import { didYouMean } from '../schema/nearest.ts';
import type { Reference } from '../template/types.ts';
import { isReferableName, isSecretName } from './names.ts';

/**
 * The grammar of references:
 *
 *     reference = "${" root segment* "}"
 *     root      = "task.context" | "task.id" | "steps." step "." ("result" | "results" | "status" | "error")
 *               | "plans." step ".output" | "batch.item" | "batch.index" | "secrets." name
 *     segment   = "." key | "[" index "]" | "[" JSON string "]"
 *     key       = a letter or "_", then letters, digits, "_" and "-"
 *
 * A step of a plan is named from outside as `steps["<planning step>/<phase>/<name>"]`.
 * There is no whitespace and no expression. Every bound below keeps a parse constant in time.
 */
const SEGMENTS_MAX = 64;
const KEY_LENGTH_MAX = 256;

/** Why a text is no reference. `column` is 1-based, in UTF-16 units from the text's start. */
export interface ReferenceProblem {
  readonly ok: false;
  readonly problem: string;
  readonly column: number;
  readonly suggestion?: string;
}

/** Parses the reference whose `${` is at `start`; `end` is the index after its `}`. */
export function scanReference(
  text: string,
  start: number,
): { readonly ok: true; readonly reference: Reference; readonly end: number } | ReferenceProblem {
  const segments: Segment[] = [];
  let at = start + 2;
  while (text[at] !== '}' || segments.length === 0) {
    const segment = scanSegment(text, at, segments.length === 0);
    if ('problem' in segment) return segment;
    if (segments.push(segment) > SEGMENTS_MAX) return failure(`a path has at most ${SEGMENTS_MAX} segments`, at);
    at = segment.end;
  }
  const end = at + 1;
  const meaning = interpret(segments, end - 1);
  if ('problem' in meaning) return meaning;
  return { ok: true, reference: { source: text.slice(start, end), ...meaning }, end };
}

interface Segment {
  readonly value: string | number;
  readonly at: number;
  readonly end: number;
}

/** A problem at a 0-based index. */
export const failure = (problem: string, index: number, suggestion?: string): ReferenceProblem => ({
  ok: false,
  problem,
  column: index + 1,
  ...(suggestion === undefined ? {} : { suggestion }),
});

function scanSegment(text: string, at: number, first: boolean): Segment | ReferenceProblem {
  if (first) return scanKey(text, at, 'one of task, steps, plans, batch, secrets');
  if (text[at] === '.') return scanKey(text, at + 1, 'a key, or ["…"] for a key with other characters');
  if (text[at] === '[') return scanBracket(text, at);
  return failure(`expected ".", "[" or "}", got ${show(text, at)}`, at, whitespaceHint(text, at));
}

function scanKey(text: string, at: number, expected: string): Segment | ReferenceProblem {
  if (!isKeyStart(text.charCodeAt(at))) {
    return failure(`expected ${expected}, got ${show(text, at)}`, at, whitespaceHint(text, at));
  }
  let end = at + 1;
  while (isKeyPart(text.charCodeAt(end)) && end - at <= KEY_LENGTH_MAX) end++;
  if (end - at > KEY_LENGTH_MAX) return failure(`a key has at most ${KEY_LENGTH_MAX} characters`, at);
  return { value: text.slice(at, end), at, end };
}

function scanBracket(text: string, at: number): Segment | ReferenceProblem {
  const inner = at + 1;
  const segment = text[inner] === '"' ? scanString(text, inner) : scanIndex(text, inner);
  if ('problem' in segment) return segment;
  if (text[segment.end] !== ']') return failure(`expected "]", got ${show(text, segment.end)}`, segment.end);
  return { value: segment.value, at, end: segment.end + 1 };
}

function scanIndex(text: string, at: number): Segment | ReferenceProblem {
  let end = at;
  while (isDigit(text.charCodeAt(end)) && end - at <= 9) end++;
  const digits = text.slice(at, end);
  if (digits === '') return failure(`expected an index or a key in double quotes, got ${show(text, at)}`, at);
  if (digits.length > 9 || (digits.length > 1 && digits.startsWith('0'))) {
    return failure('an index is a number from 0 to 999999999 without leading zeros', at);
  }
  return { value: Number(digits), at, end };
}

function scanString(text: string, at: number): Segment | ReferenceProblem {
  // An escape takes up to six characters for one.
  const limit = at + 6 * KEY_LENGTH_MAX + 2;
  let end = at + 1;
  while (end < text.length && end < limit && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  if (text[end] !== '"') return failure(`the key is not closed, or longer than ${KEY_LENGTH_MAX} characters`, at);
  try {
    const value: string = JSON.parse(text.slice(at, end + 1));
    if (value.length > KEY_LENGTH_MAX) return failure(`a key has at most ${KEY_LENGTH_MAX} characters`, at);
    return { value, at, end: end + 1 };
  } catch {
    return failure('the key is not a JSON string; write \\" for a quote and \\\\ for a backslash', at);
  }
}

type Meaning = Pick<Reference, 'root' | 'path'>;

const PARTS = ['result', 'results', 'status', 'error'] as const;

/** What each root looks like, for messages. */
const ROOTS: Readonly<Record<string, string>> = {
  task: 'task.context… or task.id',
  steps: 'steps.<name>.result…, .results…, .status or .error…',
  plans: 'plans.<planning step>.output…',
  batch: 'batch.item… or batch.index',
  secrets: 'secrets.<NAME>',
};

function interpret(segments: readonly Segment[], end: number): Meaning | ReferenceProblem {
  const [root, second, third] = segments;
  const word = String(root!.value);
  const shape = Object.hasOwn(ROOTS, word) ? ROOTS[word]! : undefined;
  if (shape === undefined) {
    const names = Object.keys(ROOTS);
    return failure(`"${word}" is none of ${names.join(', ')}`, root!.at, didYouMean(word, names));
  }
  const rest = (from: number) => segments.slice(from).map((segment) => segment.value);
  const wrong = (segment: Segment | undefined, suggestion?: string) =>
    failure(`expected ${shape}${segment ? `, got ${quote(segment)}` : ''}`, segment?.at ?? end, suggestion);
  // A scalar has nothing below it.
  const leaf = (meaning: Reference['root'], length: number): Meaning | ReferenceProblem =>
    segments.length > length
      ? failure(`nothing can follow here, got ${quote(segments[length]!)}`, segments[length]!.at)
      : { root: meaning, path: [] };

  if (second === undefined) return wrong(undefined);
  const name = second.value;
  switch (word) {
    case 'task':
      if (name === 'context') return { root: { kind: 'task_context' }, path: rest(2) };
      if (name === 'id') return leaf({ kind: 'task_id' }, 2);
      return wrong(second, didYouMean(String(name), ['context', 'id']));
    case 'batch':
      if (name === 'item') return { root: { kind: 'batch_item' }, path: rest(2) };
      if (name === 'index') return leaf({ kind: 'batch_index' }, 2);
      return wrong(second, didYouMean(String(name), ['item', 'index']));
    case 'secrets':
      if (typeof name !== 'string' || !isSecretName(name))
        return failure(`${quote(second)} is no secret's name`, second.at);
      return leaf({ kind: 'secret', name }, 2);
  }
  if (typeof name !== 'string' || !isReferableName(name)) {
    return failure(
      `${quote(second)} is no step's name: a lower-case letter, then up to 63 lower-case letters, digits, "_" and "-"`,
      second.at,
    );
  }
  if (third === undefined) return wrong(undefined);
  if (word === 'plans') {
    return third.value === 'output' ? { root: { kind: 'plan', step: name }, path: rest(3) } : wrong(third);
  }
  const part = PARTS.find((candidate) => candidate === third.value);
  if (part === undefined) return wrong(third, didYouMean(String(third.value), PARTS));
  const meaning = { kind: 'step', step: name, part } as const;
  return part === 'status' ? leaf(meaning, 3) : { root: meaning, path: rest(3) };
}

const quote = (segment: Segment) => JSON.stringify(segment.value);

function show(text: string, at: number): string {
  const character = text.codePointAt(at);
  return character === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(character));
}

function whitespaceHint(text: string, at: number): string | undefined {
  return /\s/.test(text[at] ?? '') ? 'write the reference without spaces' : undefined;
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isKeyStart = (code: number) => (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
const isKeyPart = (code: number) => isKeyStart(code) || isDigit(code) || code === 0x2d;
