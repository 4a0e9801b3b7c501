import type { EgressRule } from './types.ts';

/** A request, as far as it is known: a template's URL may hold references. */
export interface EgressRequest {
  /** Of the URL standard: `https:`. */
  readonly protocol: string;
  /** As `URL.hostname` gives it. */
  readonly hostname: string;
  /** As `URL.port` gives it: empty for the scheme's own. */
  readonly port: string;
  /** As `URL.pathname` gives it; undefined when not known, and then any path is taken to match. */
  readonly pathname: string | undefined;
  /** In capitals; undefined when not known. */
  readonly method: string | undefined;
}

/**
 * What the host of a rule, or of a secret's grant, looks like: a name, an IP literal, or `*.` and a domain. A scheme, a
 * port or a path has a key of its own, and in a host would match nothing. Only IPv6 has more than one colon.
 */
export const HOST_PATTERN = '^((\\*\\.)?[^\\s/?#@*:]+|[^\\s/?#@*]*:[^\\s/?#@*]*:[^\\s/?#@*]*)$';

/** Whether a rule allows a request: scheme, port, method, host and path must all match. Pure. */
export function egressAllows(rule: EgressRule, { protocol, hostname, port, pathname, method }: EgressRequest): boolean {
  const scheme = rule.scheme ?? 'https';
  const standard = scheme === 'https' ? 443 : 80;
  return (
    protocol === `${scheme}:` &&
    (port === '' ? standard : Number(port)) === (rule.port ?? standard) &&
    (rule.methods === undefined ||
      method === undefined ||
      rule.methods.some((allowed) => allowed.toUpperCase() === method)) &&
    hostMatches(rule.host, hostname) &&
    (rule.path === undefined || pathname === undefined || pathMatches(rule.path, pathname))
  );
}

/** Whether a host, as `URL.hostname` gives it, matches a pattern: a name, an IP literal, or `*.` and a domain. */
export function hostMatches(pattern: string, hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (!pattern.startsWith('*.')) return normalizeHost(pattern) === host;
  const domain = normalizeHost(pattern.slice(2));
  // The end of an address reads as an address itself, so a domain never ends one.
  return domain !== undefined && !isAddress(domain) && host.endsWith(`.${domain}`);
}

/** Whether a host, as `URL.hostname` gives it, is an IP literal: the URL standard takes any numeric host for one. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

// A server may read `%2f`, `\` or `..;` as path syntax that the URL standard does not, and so leave the prefix.
function pathMatches(prefix: string, pathname: string): boolean {
  if (/%(?:25)*(?:2f|5c|00)|\\/i.test(pathname)) return false;
  if (pathname.split('/').some((segment) => /^(?:\.|%(?:25)*2e){1,2}(?:;|%(?:25)*3b|$)/i.test(segment))) return false;
  if (/[?#]/.test(prefix)) return false;
  const base = URL.parse(`http://host/${prefix.replace(/^\//, '')}`)?.pathname.replace(/\/+$/, '');
  return base !== undefined && (pathname === base || pathname.startsWith(`${base}/`));
}

function normalizeHost(host: string): string | undefined {
  // Anything but a bare host would move parts of the rule into other parts of the URL; only IPv6 has more colons.
  if (/[/?#@\\]/.test(host)) return undefined;
  const isIpv6 = /^[^[\]:]*:[^[\]]*:[^[\]]*$/.test(host);
  if (!isIpv6 && /:\d*$/.test(host) && !host.endsWith(']')) return undefined;
  return URL.parse(`http://${isIpv6 ? `[${host}]` : host}/`)?.hostname.replace(/\.$/, '');
}
