import { createHmac } from 'node:crypto';
import type { StepLimits } from '../sandbox/port.ts';
import { bodyBytes } from './http_body.ts';
import { checkHeaderCount, checkRequestHeaders, headerValue, isCredential } from './http_headers.ts';
import { type HttpBody, HttpFailure, type HttpHeader, type HttpRequest } from './http_shapes.ts';
import { holdsPlaceholder, type SecretScope, type SecretTarget } from './secrets.ts';
import { webhookHeaders } from './standard_webhook.ts';

const URL_BYTES_MAX = 8_192;
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);

/** One request of a chain of redirects, as the guest means it: secrets still placeholders. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly HttpHeader[];
  readonly body: HttpBody;
  /** 0 for the request that the guest made. */
  readonly redirects: number;
  /** Whether the chain ever left its first origin. */
  readonly crossed: boolean;
}

/** What goes on the wire: secrets in place, credentials computed. */
export interface Wire {
  readonly url: URL;
  readonly headers: readonly HttpHeader[];
  readonly body: Buffer | null;
}

/**
 * Puts secrets and credentials into a hop that the policy allowed. After leaving the first origin, credentials and every
 * header that holds a secret stay behind; a body that holds one ends the chain.
 *
 * @param now_ms of signatures that name a time, since 1970.
 * @throws HttpFailure `invalid`; SecretDenied.
 */
export function prepareHop(
  hop: Hop,
  request: HttpRequest,
  secrets: SecretScope,
  limits: StepLimits,
  now_ms: number,
): Wire {
  // Before anything grows by the values of secrets.
  checkHeaderCount(hop.headers, limits);
  const target = targetOf(hop.url);
  const { host } = target;
  const url = new URL(hop.url);
  // A redirect's URL is the server's: what looks like a placeholder there is not the guest's.
  if (hop.redirects === 0) {
    secrets.forbid(url.origin, 'the host of a URL', host);
    url.pathname = secrets.reveal(url.pathname, 'path', target, checkedPath);
    url.search = secrets.reveal(url.search, 'query', target, encodeURIComponent);
  }

  const headers = hop.headers
    .filter(({ name, value }) => !(hop.crossed && (isCredential(name) || holdsPlaceholder(value))))
    .map(({ name, value }) => {
      secrets.forbid(name, 'a header name', host);
      return { name, value: secrets.reveal(value, 'header', target) };
    });
  const body = revealBody(hop, secrets, limits.request_bytes_max);
  if (!hop.crossed) {
    for (const header of authHeaders(request, hop, { url, body, now_ms }, secrets)) {
      if (headerValue(headers, header.name.toLowerCase()) !== undefined) {
        throw new HttpFailure('invalid', `the header "${header.name}" is given twice: by auth and among the headers`);
      }
      headers.push(header);
    }
  }
  if (headerValue(headers, 'accept-encoding') === undefined)
    headers.push({ name: 'accept-encoding', value: 'gzip, br' });
  if (headerValue(headers, 'user-agent') === undefined) headers.push({ name: 'user-agent', value: 'weft' });
  checkRequestHeaders(headers, limits);
  if (url.href.length > URL_BYTES_MAX)
    throw new HttpFailure('invalid', `the URL is longer than ${URL_BYTES_MAX} bytes`);
  return { url, headers, body };
}

/**
 * The hop that a response asks for, or undefined when it is no redirect or the chain has reached `redirects_max`.
 * Methods and bodies change as in the fetch standard (HTTP-redirect fetch).
 *
 * @param from the hop's URL as it was sent.
 * @throws HttpFailure `network` for a location that is no URL.
 */
export function nextHop(
  hop: Hop,
  from: URL,
  status: number,
  location: string | undefined,
  redirects_max: number,
): Hop | undefined {
  if (!REDIRECT_STATUSES.has(status) || location === undefined || hop.redirects >= redirects_max) return undefined;
  // Header bytes arrive as latin1; the standard reads a location as UTF-8.
  const url = URL.parse(Buffer.from(location, 'latin1').toString(), from);
  if (url === null)
    throw new HttpFailure('network', `the server redirects to ${JSON.stringify(location)}, which is no URL`);
  const toGet =
    (status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  return {
    url,
    method: toGet ? 'GET' : hop.method,
    headers: toGet ? hop.headers.filter(({ name }) => !BODY_HEADERS.has(name.toLowerCase())) : hop.headers,
    body: toGet ? { tag: 'none' } : hop.body,
    redirects: hop.redirects + 1,
    crossed: hop.crossed || url.origin !== from.origin,
  };
}

function targetOf({ hostname, protocol }: URL): SecretTarget {
  return { host: hostname, secure: protocol === 'https:' };
}

// Values are escaped as the body's media type asks, so that a quote in a password does not end a JSON string.
function revealBody(hop: Hop, secrets: SecretScope, bytes_max: number): Buffer | null {
  const bytes = bodyBytes(hop.body, bytes_max);
  const text = bytes?.toString('latin1');
  if (text === undefined || !holdsPlaceholder(text)) return bytes;
  if (hop.crossed) secrets.forbid(text, 'a body that a redirect takes to another origin', hop.url.hostname);
  const type = headerValue(hop.headers, 'content-type') ?? '';
  const encode = (value: string): string => {
    if (/\bform-urlencoded\b/i.test(type)) return encodeURIComponent(value);
    const escaped = /[/+]json\b/i.test(type) ? JSON.stringify(value).slice(1, -1) : value;
    return Buffer.from(escaped).toString('latin1');
  };
  return Buffer.from(secrets.reveal(text, 'body', targetOf(hop.url), encode), 'latin1');
}

// A key in the query stands in the query, so its secret must be granted for that position; it is added to `url`.
function authHeaders(
  { auth }: HttpRequest,
  hop: Hop,
  { url, body, now_ms }: { readonly url: URL; readonly body: Buffer | null; readonly now_ms: number },
  secrets: SecretScope,
): HttpHeader[] {
  const target = targetOf(hop.url);
  const reveal = (text: string) => secrets.reveal(text, 'auth', target);
  const plain = (text: string) => {
    secrets.forbid(text, 'the name or prefix of a credential', url.hostname);
    return text;
  };
  switch (auth.tag) {
    case 'none':
      return [];
    case 'bearer':
      return [{ name: 'authorization', value: `Bearer ${reveal(auth.val)}` }];
    case 'basic': {
      const username = reveal(auth.val.username);
      if (username.includes(':')) throw new HttpFailure('invalid', 'a username of basic auth cannot hold a colon');
      const credentials = Buffer.from(`${username}:${reveal(auth.val.password)}`).toString('base64');
      return [{ name: 'authorization', value: `Basic ${credentials}` }];
    }
    case 'api-key': {
      if (!auth.val.inQuery) return [{ name: plain(auth.val.name), value: reveal(auth.val.value) }];
      if (hop.redirects > 0) return [];
      const value = secrets.reveal(auth.val.value, 'query', target);
      url.search += `${url.search === '' ? '' : '&'}${encodeURIComponent(plain(auth.val.name))}=${encodeURIComponent(value)}`;
      return [];
    }
    case 'hmac': {
      const digest = createHmac('sha256', reveal(auth.val.secret))
        .update(body ?? '')
        .digest('hex');
      return [{ name: plain(auth.val.header), value: `${plain(auth.val.prefix)}${digest}` }];
    }
    case 'standard-webhook':
      return webhookHeaders(plain(auth.val.id), reveal(auth.val.secret), body, now_ms);
  }
}

/** A secret in a path, as of an incoming webhook, must not lead out of what the policy allowed, nor need an encoding. */
function checkedPath(value: string): string {
  if (/^[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/.test(value)) return value;
  throw new HttpFailure('invalid', 'a secret in a path must be segments of letters, digits, "-", ".", "_" and "~"');
}
