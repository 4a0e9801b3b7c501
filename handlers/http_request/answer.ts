import type { Response } from '../guest/http.ts';
import { fail, type Json } from '../guest/index.ts';
import { findBigNumbers, quoteNumbers } from './big_numbers.ts';
import type { Answer, HttpConfig } from './types.ts';

/** `application/json` and every `+json` (RFC 6839), whatever its parameters. */
const JSON_TYPE = /^application\/(?:[^;]+\+)?json\s*(?:;|$)/i;
/** A body with these is absent, not empty. */
const NO_CONTENT = new Set([204, 205, 304]);

/** Fields by name in lower case; those that come several times are joined (RFC 9110 section 5.3). */
export function headersOf(response: Response): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, value } of response.headers) {
    const key = name.toLowerCase();
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}, ${value}` : value;
  }
  return headers;
}

/**
 * Reads a response as the config asks.
 * @throws HandlerFailure `invalid_json`, `invalid_text` or `big_number`
 */
export function readAnswer(response: Response, config: HttpConfig): Answer {
  const headers = headersOf(response);
  return { status: response.status, headers, body: readBody(response, headers['content-type'] ?? '', config) };
}

function readBody({ status, body }: Response, type: string, config: HttpConfig): Json {
  const { response_as } = config;
  const isEmpty = body.tag === 'none' || body.val === '';
  const isJson = response_as === 'json' || (response_as === 'auto' && JSON_TYPE.test(type));
  if (isEmpty) {
    if (response_as !== 'json' || config.method === 'HEAD' || NO_CONTENT.has(status)) return null;
    return fail('invalid_json', 'the answer was to be JSON and has no body', { details: { status } });
  }
  if (isJson) {
    if (body.tag === 'text') return parseJson(body.val, config);
    return fail('invalid_json', 'the body was to be JSON and is not UTF-8', { details: { status } });
  }
  if (response_as === 'base64') return body.tag === 'text' ? encodeBase64(body.val) : body.val;
  if (response_as === 'text' && body.tag === 'base64') {
    return fail('invalid_text', 'the body was to be text and is not UTF-8; read it as base64', { details: { status } });
  }
  return body.val;
}

function parseJson(source: string, { big_numbers }: HttpConfig): Json {
  // A byte order mark is no JSON, but servers send it (RFC 8259 section 8.1).
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const value = tryParse(text);
  if (value === undefined) {
    return fail('invalid_json', 'the body is not JSON', { details: { excerpt: text.slice(0, EXCERPT_LENGTH) } });
  }
  const numbers = findBigNumbers(text);
  const [first] = numbers;
  if (first === undefined) return value;
  if (big_numbers === 'string') return JSON.parse(quoteNumbers(text, numbers)) as Json;
  const { pointer, literal } = first;
  return fail(
    'big_number',
    `the number ${literal.slice(0, 40)} at "${pointer}" would lose digits; set big_numbers to "string" to get it as text`,
    { details: { pointer, literal: literal.slice(0, EXCERPT_LENGTH), count: numbers.length } },
  );
}

/** How much of a text failures quote, in UTF-16 units. */
export const EXCERPT_LENGTH = 1000;

// What is wrong is left to the excerpt: engines word it differently.
function tryParse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** RFC 4648 section 4, of the text's UTF-8. */
function encodeBase64(text: string): string {
  // The only conversion from text to bytes that is the engine's own: a loop over megabytes takes seconds in a guest.
  return btoa(unescape(encodeURIComponent(text)));
}
