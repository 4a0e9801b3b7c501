/**
 * Numbers in a JSON text that a double would change without a word.
 *
 * JSON has one kind of number and no limit; JavaScript has doubles, whose integers are dense only up to 2^53. Two rules
 * say which numbers are big:
 *  - an integer literal beyond ±2^53, whether or not this one happens to be representable, so that neighbours of an
 *    identifier are treated alike;
 *  - a literal with a fraction or an exponent beyond ±2^53 whose decimal value is not the one that its double is written
 *    as again: `6.02e23` survives, `9007199254740993.0` and `1e400` do not.
 */

/** A number literal that a double cannot be trusted with, and where it stands in the text. */
export interface BigNumber {
  /** JSON pointer (RFC 6901) into the document. */
  readonly pointer: string;
  readonly literal: string;
  /** Offset of the literal's first character. */
  readonly offset: number;
}

/** The largest magnitude up to which doubles hold every integer, as digits. */
const LIMIT_DIGITS = '9007199254740992';
const LIMIT = 2 ** 53;

/** A text without a match has no big number: no whole part is long enough and nothing is scaled up. */
const SUSPECT = /(?:^|[^.\d])\d{16}|\d[eE][+\d]/;

/**
 * Every big number of a text, in order.
 * @param text valid JSON; the scan trusts `JSON.parse` to have said so
 */
export function findBigNumbers(text: string): BigNumber[] {
  return SUSPECT.test(text) ? scan(text) : [];
}

/** The text with each of the numbers found in it turned into a string of the same characters. */
export function quoteNumbers(text: string, numbers: readonly BigNumber[]): string {
  let quoted = '';
  let from = 0;
  for (const { literal, offset } of numbers) {
    quoted += `${text.slice(from, offset)}"${literal}"`;
    from = offset + literal.length;
  }
  return quoted + text.slice(from);
}

/** Whether a double would lose what a number literal says. */
export function isBig(literal: string): boolean {
  if (!/[.eE]/.test(literal)) {
    const digits = literal.replace('-', '');
    return digits.length > LIMIT_DIGITS.length || (digits.length === LIMIT_DIGITS.length && digits > LIMIT_DIGITS);
  }
  const value = Number(literal);
  return Math.abs(value) >= LIMIT && decimal(literal) !== decimal(String(value));
}

/** A decimal literal in the one form that equal values share; an infinity has none. */
function decimal(literal: string): string | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (digits[start] === '0') start += 1;
  while (end > start && digits[end - 1] === '0') end -= 1;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/**
 * One pass over the text. `path` holds, for each open container, the index (array) or the raw key (object) of the value
 * that comes now.
 */
function scan(text: string): BigNumber[] {
  const found: BigNumber[] = [];
  const path: (number | string)[] = [];
  const number = /[-+.\deE]+/y;
  let key = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    switch (character) {
      case '"': {
        const end = stringEnd(text, at);
        if (key) path[path.length - 1] = text.slice(at, end);
        at = end - 1;
        break;
      }
      case '{':
        path.push('""');
        key = true;
        break;
      case '[':
        path.push(0);
        key = false;
        break;
      case '}':
      case ']':
        path.pop();
        key = false;
        break;
      case ':':
        key = false;
        break;
      case ',': {
        const last = path[path.length - 1];
        if (typeof last === 'number') path[path.length - 1] = last + 1;
        else key = true;
        break;
      }
      default:
        if (character === '-' || (character >= '0' && character <= '9')) {
          number.lastIndex = at;
          const literal = number.exec(text)![0];
          if (isBig(literal)) found.push({ pointer: pointerOf(path), literal, offset: at });
          at += literal.length - 1;
        }
    }
  }
  return found;
}

/** The offset after the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

function pointerOf(path: readonly (number | string)[]): string {
  return path
    .map((part) =>
      typeof part === 'number' ? part : String(JSON.parse(part)).replace(/~/g, '~0').replace(/\//g, '~1'),
    )
    .map((part) => `/${part}`)
    .join('');
}
