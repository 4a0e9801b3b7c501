import type { StepLimits } from '../sandbox/port.ts';
import { HttpFailure, type HttpHeader } from './http_shapes.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110 field values: no CR, LF, NUL or other controls, one byte a character.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
// What frames or routes the message is the host's to say; a guest that could would smuggle requests.
const HOST_OWNED = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect', 'http2-settings']);
const NOT_SHOWN = new Set([...HOP_BY_HOP, 'set-cookie', 'set-cookie2']);
const CREDENTIALS = new Set(['authorization', 'cookie', 'cookie2']);

type HeaderLimits = Pick<StepLimits, 'headers_max' | 'header_bytes_max'>;

/** A method in capitals. @throws HttpFailure `invalid` for what is no method, and for CONNECT and TRACE. */
export function checkedMethod(method: string): string {
  const capitals = method.toUpperCase();
  if (!TOKEN.test(method)) throw new HttpFailure('invalid', `${JSON.stringify(method)} is not an HTTP method`);
  if (['CONNECT', 'TRACE', 'TRACK'].includes(capitals)) {
    throw new HttpFailure('invalid', `the method ${capitals} is not open to steps`);
  }
  return capitals;
}

/** @throws HttpFailure `invalid` for malformed fields, fields that are the host's to set, and too many of them. */
export function checkRequestHeaders(headers: readonly HttpHeader[], limits: HeaderLimits): void {
  for (const { name, value } of headers) {
    if (!TOKEN.test(name)) throw new HttpFailure('invalid', `${JSON.stringify(name)} is not a header name`);
    if (HOST_OWNED.has(name.toLowerCase())) {
      throw new HttpFailure('invalid', `the header "${name}" is set by the host; leave it out`);
    }
    // The value may be a secret's by now and is not shown.
    if (!FIELD_VALUE.test(value)) {
      throw new HttpFailure('invalid', `the value of header "${name}" has a character that headers cannot carry`);
    }
  }
  checkHeaderCount(headers, limits);
  if (headerBytes(headers) > limits.header_bytes_max) {
    throw new HttpFailure('invalid', `the headers of a request may have ${limits.header_bytes_max} bytes together`);
  }
}

/** @throws HttpFailure `invalid` for more request headers than a run may send. */
export function checkHeaderCount(headers: readonly HttpHeader[], { headers_max }: HeaderLimits): void {
  if (headers.length > headers_max) throw new HttpFailure('invalid', `a request may have ${headers_max} headers`);
}

/** @throws HttpFailure `too-large` for more, or larger, response headers than a run may receive. */
export function checkResponseHeaders(headers: readonly HttpHeader[], limits: HeaderLimits): void {
  const { headers_max, header_bytes_max } = limits;
  if (headers.length <= headers_max && headerBytes(headers) <= header_bytes_max) return;
  const allowed = `${headers_max} fields of ${header_bytes_max} bytes together`;
  throw new HttpFailure('too-large', `the response headers are more than ${allowed}`);
}

/** Bytes that header fields take on the wire. */
export function headerBytes(headers: readonly HttpHeader[]): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + value.length + 4, 0);
}

/** Whether a field is meant for one origin alone and must not follow a redirect to another. */
export function isCredential(name: string): boolean {
  return CREDENTIALS.has(name.toLowerCase());
}

/** undici's flat raw headers as pairs, in the order received. */
export function pairHeaders(raw: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push({ name: (raw[index] as string).toLowerCase(), value: raw[index + 1] as string });
  }
  return headers;
}

/** The first value of a field; `name` in small letters. */
export function headerValue(headers: readonly HttpHeader[], name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value;
}

/** What a guest sees of a response's headers. `decoded`: the body no longer has the length and coding they name. */
export function visibleHeaders(headers: readonly HttpHeader[], decoded: boolean): HttpHeader[] {
  const hidden = new Set(NOT_SHOWN);
  for (const { name, value } of headers) {
    if (name === 'connection') for (const named of value.split(',')) hidden.add(named.trim().toLowerCase());
  }
  if (decoded) hidden.add('content-encoding').add('content-length');
  return headers.filter(({ name }) => !hidden.has(name));
}
