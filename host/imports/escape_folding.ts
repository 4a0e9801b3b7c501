/** Bytes with their escapes undone, and where each of them came from. */
export interface Folded {
  readonly bytes: Buffer;
  /** Of each byte, the offset in the input at which what became it begins; the input's length at the end. */
  readonly offsets: Uint32Array;
}

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const HEX = '0123456789abcdefABCDEF';
const CONTROLS = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** Whether folding would change anything. */
export function isEscaped(input: Buffer): boolean {
  return input.includes(PERCENT) || input.includes(BACKSLASH);
}

/**
 * Undoes percent-encoding and JSON escapes however often they were laid on top of each other: `%252F` and `%2F` are `/`,
 * `\\\"` and `\"` are `"`. Backslashes go altogether, so what is compared with the result must have been folded, too.
 * Linear.
 */
export function foldEscapes(input: Buffer): Folded {
  const bytes = Buffer.allocUnsafe(input.length);
  const offsets = new Uint32Array(input.length + 1);
  let length = 0;
  const emit = (byte: number, offset: number): void => {
    bytes[length] = byte;
    offsets[length] = offset;
    length += 1;
  };
  // Backslashes that became nothing belong to what follows them.
  let begun: number | undefined;
  for (let index = 0; index < input.length; ) {
    const start = begun ?? index;
    begun = undefined;
    const byte = input[index] as number;
    if (byte === PERCENT) {
      index += 1;
      while (input[index] === 0x32 && input[index + 1] === 0x35) index += 2;
      const coded = hexAt(input, index, 2);
      if (coded !== undefined) index += 2;
      emit(coded ?? PERCENT, start);
    } else if (byte === BACKSLASH) {
      while (input[index] === BACKSLASH) index += 1;
      const unit = input[index] === 0x75 ? hexAt(input, index + 1, 4) : undefined;
      const control = CONTROLS.get(input[index] ?? 0);
      if (unit !== undefined) {
        index += 5;
        const low = isHighSurrogate(unit) ? lowSurrogateAt(input, index) : undefined;
        if (low !== undefined) index = low.end;
        // At least six bytes became at most three, twelve at most four.
        const text = low === undefined ? String.fromCharCode(unit) : String.fromCharCode(unit, low.unit);
        for (const each of Buffer.from(text)) emit(each, start);
      } else if (control !== undefined) {
        emit(control, start);
        index += 1;
      } else {
        begun = start;
      }
    } else {
      emit(byte, start);
      index += 1;
    }
  }
  offsets[length] = begun ?? input.length;
  return { bytes: bytes.subarray(0, length), offsets: offsets.subarray(0, length + 1) };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function lowSurrogateAt(input: Buffer, from: number): { readonly unit: number; readonly end: number } | undefined {
  let index = from;
  while (input[index] === BACKSLASH) index += 1;
  const unit = index > from && input[index] === 0x75 ? hexAt(input, index + 1, 4) : undefined;
  return unit !== undefined && unit >= 0xdc00 && unit < 0xe000 ? { unit, end: index + 5 } : undefined;
}

function hexAt(input: Buffer, from: number, digits: number): number | undefined {
  let value = 0;
  for (let index = from; index < from + digits; index += 1) {
    const digit = HEX.indexOf(String.fromCharCode(input[index] ?? 0));
    if (digit < 0) return undefined;
    value = value * 16 + (digit > 15 ? digit - 6 : digit);
  }
  return value;
}
