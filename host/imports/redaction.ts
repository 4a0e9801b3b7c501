import type { Json, JsonObject } from '../../kernel/json.ts';
import { foldEscapes, isEscaped } from './escape_folding.ts';
import { foldedSpellingsOf, SPELLING_BYTES_MIN, spellingsOf } from './secret_spellings.ts';

/** A secret with every spelling of it that redaction looks for. */
export interface Redactable {
  readonly name: string;
  readonly needles: readonly Buffer[];
  /** Looked for where escapes are undone, however deep they are. */
  readonly folded: readonly Buffer[];
}

/** Takes secrets out of what a guest, a log, a result or a receipt would show. What holds none comes back as it is. */
export interface Redactor {
  /** `cut`: the text may end in the middle of a secret, whose beginning goes too. */
  text(text: string, cut?: boolean): string;
  bytes(bytes: Buffer): Buffer;
  /** Every string and key in it; a number that spells a secret becomes text. */
  json<T extends Json>(value: T): T;
}

/** Spells a secret out; see `spellingsOf`. @param value at least 8 bytes. */
export function redactable(name: string, value: string): Redactable {
  return { name, needles: spellingsOf(value), folded: foldedSpellingsOf(value) };
}

interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

interface Span {
  readonly start: number;
  end: number;
  name: string;
  /** Of the match that gave the name. */
  length: number;
}

/** How many bytes of a needle decide whether it is there; a longer one reaches as far as the text agrees with it. */
const HEAD_BYTES = 512;

/**
 * A redactor that replaces every spelling of the secrets by `[redacted:NAME]`. Of secrets that overlap, all bytes go and
 * the longest is named. One pass over the input whatever the number of secrets: linear time.
 */
export function createRedactor(secrets: readonly Redactable[]): Redactor {
  const find = matcher(secrets.flatMap(({ name, needles }) => needles.map((bytes) => ({ name, bytes }))));
  const findFolded = matcher(secrets.flatMap(({ name, folded }) => folded.map((bytes) => ({ name, bytes }))));
  const bytes = (input: Buffer, cut = false): Buffer => {
    const plain = find(input, cut);
    const spans = isEscaped(input) ? merged([...plain, ...unfolded(input, findFolded)]) : plain;
    return spans.length === 0 ? input : replaced(input, spans);
  };
  const text = (input: string, cut = false): string => {
    if (input.length * 3 < SPELLING_BYTES_MIN) return input;
    const before = Buffer.from(input);
    const after = bytes(before, cut);
    return after === before ? input : after.toString();
  };
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') {
      const written = String(value);
      const shown = text(written);
      return shown === written ? value : shown;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map(json);
      return items.every((item, index) => item === value[index]) ? value : items;
    }
    const entries = Object.entries(value as JsonObject);
    const shown = entries.map(([key, item]) => [text(key), json(item)] as const);
    const same = shown.every(([key, item], index) => key === entries[index]![0] && item === entries[index]![1]);
    return same ? value : (Object.fromEntries(shown) as JsonObject);
  };
  if (secrets.length === 0) return { text: (input) => input, bytes: (input) => input, json: (value) => value };
  return { text, bytes: (input) => bytes(input), json: json as Redactor['json'] };
}

// Needles are filed by their first four bytes; a table of bits tells for most positions that none begins there.
function matcher(needles: readonly Needle[]): (input: Buffer, cut: boolean) => Span[] {
  const begins = new Uint8Array(1 << 16);
  const filed = new Map<number, Needle[]>();
  for (const needle of needles) {
    const word = needle.bytes.readInt32BE(0);
    begins[slotOf(word)] = 1;
    filed.set(word, [...(filed.get(word) ?? []), needle]);
  }
  return (input, cut) => {
    const spans: Span[] = [];
    // A needle is not looked for inside its own last match.
    const busy = new Map<Needle, number>();
    let word = 0;
    for (let index = 0; index < input.length; index += 1) {
      word = (word << 8) | (input[index] as number);
      if (begins[slotOf(word)] === 0 || index < 3) continue;
      const start = index - 3;
      for (const needle of filed.get(word) ?? []) {
        if ((busy.get(needle) ?? 0) > start) continue;
        const length = matchLength(input, start, needle.bytes, cut);
        if (length === 0) continue;
        busy.set(needle, start + length);
        add(spans, start, length, needle.name);
      }
    }
    return spans;
  };
}

// Of what is found where escapes are undone, the place in the input.
function unfolded(input: Buffer, find: (input: Buffer, cut: boolean) => Span[]): Span[] {
  const { bytes, offsets } = foldEscapes(input);
  return find(bytes, false).map(({ start, end, name }) => {
    const [from, to] = [offsets[start] as number, offsets[end] as number];
    return { start: from, end: to, name, length: to - from };
  });
}

function merged(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const { start, name, length } of [...spans].sort((a, b) => a.start - b.start)) add(all, start, length, name);
  return all;
}

function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> 16;
}

function matchLength(input: Buffer, start: number, needle: Buffer, cut: boolean): number {
  const left = input.length - start;
  const head = Math.min(needle.length, HEAD_BYTES);
  if (left < head) {
    return cut && left >= SPELLING_BYTES_MIN && needle.compare(input, start, input.length, 0, left) === 0 ? left : 0;
  }
  if (needle.compare(input, start, start + head, 0, head) !== 0) return 0;
  let length = head;
  while (length < needle.length && length < left && input[start + length] === needle[length]) length += 1;
  return length;
}

// Starts come in order, so that a match either overlaps the last span or follows it.
function add(spans: Span[], start: number, length: number, name: string): void {
  const last = spans.at(-1);
  if (last === undefined || start >= last.end) {
    spans.push({ start, end: start + length, name, length });
    return;
  }
  last.end = Math.max(last.end, start + length);
  if (length > last.length) {
    last.name = name;
    last.length = length;
  }
}

function replaced(input: Buffer, spans: readonly Span[]): Buffer {
  const parts: Buffer[] = [];
  let end = 0;
  for (const span of spans) {
    parts.push(input.subarray(end, span.start), Buffer.from(`[redacted:${span.name}]`));
    end = span.end;
  }
  return Buffer.concat([...parts, input.subarray(end)]);
}
