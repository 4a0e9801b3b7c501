import { foldEscapes } from './escape_folding.ts';

/** Shorter than this, a spelling would be found in ordinary text. */
export const SPELLING_BYTES_MIN = 8;
/** Values beyond this are spelled in one encoding at a time, not in two on top of each other. */
const TWICE_LENGTH_MAX = 4_096;
/** Of a value of several lines, such as a key in PEM, a line that is at least this long is looked for by itself. */
const LINE_LENGTH_MIN = 12;

/**
 * Every way of writing a secret that redaction looks for: literal, in small letters (as header names and host names
 * become), escaped for JSON or HTML, encoded for URLs or forms, two of these on top of each other, and in hex, base64
 * or base64url of it at any alignment (as `user:secret` is in Basic credentials); with letters beyond ASCII also in
 * latin1. What a server does to a value beyond that is not undone.
 *
 * @param value at least 8 bytes.
 */
export function spellingsOf(value: string): Buffer[] {
  const once = textEncodings(value);
  const twice = value.length <= TWICE_LENGTH_MAX ? once.flatMap(textEncodings) : [];
  const texts = [...once, ...twice, value.toLowerCase(), ...linesOf(value)].map((text) => Buffer.from(text));
  const raw = [...once.map((text) => Buffer.from(text)), ...latin1Of(value)];
  const spelled = [...texts, ...raw, ...raw.flatMap(binaryEncodings).map((text) => Buffer.from(text))];
  const unique = new Map(spelled.map((bytes) => [bytes.toString('latin1'), bytes]));
  return [...unique.values()].filter(({ length }) => length >= SPELLING_BYTES_MIN);
}

/** What is left of a secret, and of its lines, where escapes are undone; see `foldEscapes`. */
export function foldedSpellingsOf(value: string): Buffer[] {
  const texts = [value, value.toLowerCase(), value.replaceAll(' ', '+'), ...htmlEncodings(value), ...linesOf(value)];
  const folded = texts.map((text) => foldEscapes(Buffer.from(text)).bytes);
  const unique = new Map(folded.map((bytes) => [bytes.toString('latin1'), bytes]));
  return [...unique.values()].filter(({ length }) => length >= SPELLING_BYTES_MIN);
}

function linesOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/);
  return lines.length === 1 ? [] : lines.filter(({ length }) => length >= LINE_LENGTH_MIN);
}

// What a header field carries: one byte a character.
function latin1Of(value: string): Buffer[] {
  return /[\x80-\xff]/.test(value) && !/[^\x00-\xff]/.test(value) ? [Buffer.from(value, 'latin1')] : [];
}

// Most secrets are letters and digits, which text encodings leave alone: the set then has two members.
function textEncodings(text: string): string[] {
  // A URL drops line breaks and outer spaces; what is left of such a value may be too short to look for.
  const percent = percentEncodings(text).filter((coded) => coded.length >= text.length);
  return [...new Set([text, ...jsonEncodings(text), ...htmlEncodings(text), ...percent])];
}

// JSON string contents as JavaScript, Python, PHP and Go write them.
function jsonEncodings(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[\x7f-\uffff]/g, unicodeEscape);
  const slashed = json.replaceAll('/', '\\/');
  return [json, ascii, slashed, ascii.replaceAll('/', '\\/'), json.replace(/[<>&]/g, unicodeEscape)];
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function htmlEncodings(text: string): string[] {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = basic.replaceAll('"', '&quot;');
  return [basic, quoted, quoted.replaceAll("'", '&#39;'), quoted.replaceAll("'", '&#x27;')];
}

// URI component, the same by RFC 3986 (with and without slashes), form field, URL query, every byte; either case.
function percentEncodings(text: string): string[] {
  const component = encodeURIComponent(text.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (character) => percentOf(Buffer.from(character)));
  const coded = [
    component,
    strict,
    strict.replaceAll('%2F', '/'),
    strict.replaceAll('%20', '+'),
    new URLSearchParams([['', text]]).toString().slice(1),
    new URL(`http://host/?${text.replaceAll('#', '%23')}`).search.slice(1),
    percentOf(Buffer.from(text)),
    ...latin1Of(text).map((bytes) => bytes.toString('latin1').replace(/[^\w.~-]/g, (one) => percentOf(latin1(one)))),
  ];
  return coded.flatMap((each) => [each, each.replace(/%../g, (triplet) => triplet.toLowerCase())]);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function percentOf(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase().replace(/../g, '%$&');
}

function binaryEncodings(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64Core(bytes, offset));
  const base64url = base64.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'));
  return [hex, hex.toUpperCase(), ...base64, ...base64url];
}

// The characters of base64 that depend on the value alone when `offset` (mod 3) bytes stand before it.
function base64Core(value: Buffer, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), value]);
  const text = bytes.toString('base64').replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  return bytes.length % 3 === 0 ? text.slice(first) : text.slice(first, -1);
}
