/** The components of a URI reference (RFC 3986, appendix B). */
const COMPONENTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

interface Components {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string | undefined;
}

/**
 * The absolute URL that a reference names where it was found (RFC 3986 section 5.2); fragments are dropped.
 * @param base an absolute URL with an authority
 */
export function resolveUrl(reference: string, base: string): string {
  const to = split(reference);
  if (to.scheme !== undefined) return join(to);
  const from = split(base);
  if (to.authority !== undefined) return join({ ...to, scheme: from.scheme });
  const at = { scheme: from.scheme, authority: from.authority };
  if (to.path === '') return join({ ...at, path: from.path, query: to.query ?? from.query });
  const folder = from.path.slice(0, from.path.lastIndexOf('/') + 1);
  const path = to.path.startsWith('/') ? to.path : `${folder || '/'}${to.path}`;
  return join({ ...at, path, query: to.query });
}

/**
 * Scheme, host and port of an absolute URL in one spelling; undefined when it is not `http` or `https` or carries
 * credentials.
 */
export function originOf(url: string): string | undefined {
  const { scheme = '', authority = '' } = split(url);
  const port = DEFAULT_PORTS[scheme.toLowerCase()];
  if (port === undefined || authority === '' || authority.includes('@')) return undefined;
  const host = authority.toLowerCase();
  return `${scheme.toLowerCase()}://${host.endsWith(port) ? host.slice(0, -port.length) : host}`;
}

/** Percent-encoding of a text's UTF-8; a lone surrogate, which has none, is U+FFFD as in every URL parser. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

/** One parameter of a query or form; the same name may come several times. */
export type Parameter = readonly [name: string, value: string];

/** A URL with the values of some parameters replaced, or added at the end; its fragment is dropped. */
export function withQuery(url: string, parameters: readonly Parameter[]): string {
  const parts = split(url);
  const names = new Set(parameters.map(([name]) => encode(name)));
  const kept = (parts.query ?? '').split('&').filter((pair) => pair !== '' && !names.has(nameOf(pair)));
  const added = parameters.map((parameter) => parameter.map(encode).join('='));
  const query = [...kept, ...added].join('&');
  return join({ ...parts, query: query === '' ? undefined : query });
}

/** Parameters as `application/x-www-form-urlencoded` (WHATWG URL, section 5.2). */
export function formEncode(parameters: readonly Parameter[]): string {
  const plus = (text: string) =>
    encode(text)
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+');
  return parameters.map((parameter) => parameter.map(plus).join('=')).join('&');
}

/** The name of a raw `name=value` in the encoding of `encodeURIComponent`, whatever encoding it had. */
function nameOf(pair: string): string {
  const raw = pair.split('=', 1)[0]!;
  try {
    return encode(decodeURIComponent(raw.replaceAll('+', ' ')));
  } catch {
    return raw;
  }
}

function split(url: string): Components {
  const [, scheme, authority, path = '', query] = COMPONENTS.exec(url)!;
  return { scheme, authority, path, query };
}

function join({ scheme, authority, path, query }: Components): string {
  const hierarchy = authority === undefined ? path : `//${authority}${withoutDots(path)}`;
  return `${scheme === undefined ? '' : `${scheme}:`}${hierarchy}${query === undefined ? '' : `?${query}`}`;
}

/** RFC 3986 section 5.2.4 for a path below an authority. */
function withoutDots(path: string): string {
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part !== '.' && part !== '..') segments.push(part);
    else if (last) segments.push('');
  }
  return `/${segments.join('/')}`;
}
