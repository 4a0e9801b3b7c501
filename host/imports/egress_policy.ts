import { isIP } from 'node:net';
import type { EgressRule } from '../../kernel/template/types.ts';
import type { OperatorEgressRule } from '../config/types.ts';
import { canonicalAddress, reachOf } from './address.ts';

/** One request, or one hop of it, and the two lists that must both allow it. */
export interface EgressQuestion {
  readonly operator: readonly OperatorEgressRule[];
  readonly template: readonly EgressRule[];
  readonly url: URL;
  /** In capitals. */
  readonly method: string;
  /** What the host resolved to, when that is known; an IP literal is its own address. */
  readonly addresses?: readonly string[];
}

/** The answer. `private` tells whether the connection may reach addresses that are not public. */
export type EgressDecision =
  | { readonly allowed: true; readonly private: boolean }
  | { readonly allowed: false; readonly reason: string };

/** Raised instead of sending what the policy refuses. */
export class EgressDenied extends Error {
  override readonly name = 'EgressDenied';
}

/**
 * Decides whether a request may leave: nothing may, unless a rule of the operator and a rule of the template both match
 * scheme, host, port, method and path, and every address is one that the matching operator rules open. Pure.
 */
export function decideEgress(question: EgressQuestion): EgressDecision {
  const { url, method } = question;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return denied(`"${url.protocol}" is not a scheme that steps may use; use https or http`);
  }
  if (url.username !== '' || url.password !== '') {
    return denied('the URL carries credentials; give them as auth instead');
  }
  const target = `${method} ${url.origin}${url.pathname}`;
  if (!question.template.some((rule) => ruleMatches(rule, url, method))) {
    return denied(`${target} is in no egress rule of the template; add one under "egress"`);
  }
  const rules = question.operator.filter((rule) => ruleMatches(rule, url, method));
  if (rules.length === 0) {
    return denied(`${target} is in no egress rule of the operator; add one under "egress.allow" in weft.yaml`);
  }
  const open = rules.some((rule) => rule.private === true);
  const literal = literalOf(url);
  // A literal that got here was named by its rule, which is what metadata addresses ask for.
  if (literal !== undefined && reachOf(literal) !== 'public' && !open) return denied(notOpen(url.host, literal));
  for (const address of question.addresses ?? []) {
    const reason = addressRefusal(url.hostname, address, open);
    if (reason !== undefined) return denied(reason);
  }
  return { allowed: true, private: open };
}

/**
 * Why a connection to `host` must not go to `address`, or undefined when it may.
 * `open` is what `decideEgress` gave as `private`.
 */
export function addressRefusal(host: string, address: string, open: boolean): string | undefined {
  const reach = reachOf(address);
  if (reach === 'public') return undefined;
  if (!open) return notOpen(host, address);
  const named = canonicalAddress(host.replace(/^\[|\]$/g, '')) === canonicalAddress(address);
  if (reach === 'restricted' || named) return undefined;
  return `"${host}" leads to the metadata address ${address}, which only an operator rule that names it opens`;
}

/** Whether a host, as `URL.hostname` gives it, matches a pattern: a name, an IP literal, or `*.` and a domain. */
export function hostMatches(pattern: string, hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (!pattern.startsWith('*.')) return normalizeHost(pattern) === host;
  const domain = normalizeHost(pattern.slice(2));
  // The end of an address reads as an address itself, so a domain never ends one.
  return domain !== undefined && !isAddress(domain) && host.endsWith(`.${domain}`);
}

function ruleMatches(rule: EgressRule, url: URL, method: string): boolean {
  const scheme = rule.scheme ?? 'https';
  const standard = scheme === 'https' ? 443 : 80;
  return (
    url.protocol === `${scheme}:` &&
    (url.port === '' ? standard : Number(url.port)) === (rule.port ?? standard) &&
    (rule.methods === undefined || rule.methods.some((allowed) => allowed.toUpperCase() === method)) &&
    hostMatches(rule.host, url.hostname) &&
    (rule.path === undefined || pathMatches(rule.path, url.pathname))
  );
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
  const bracketed = isIP(host) === 6 ? `[${host}]` : host;
  // Anything but a bare host would move parts of the rule into other parts of the URL.
  if (/[/?#@\\]|:\d*$/.test(bracketed) && !bracketed.endsWith(']')) return undefined;
  return URL.parse(`http://${bracketed}/`)?.hostname.replace(/\.$/, '');
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || isIP(hostname) !== 0;
}

function literalOf(url: URL): string | undefined {
  return isAddress(url.hostname) ? url.hostname.replace(/^\[|\]$/g, '') : undefined;
}

function notOpen(host: string, address: string): string {
  return `"${host}" leads to ${address}, which is not a public address; an operator rule with "private: true" opens it`;
}

function denied(reason: string): EgressDecision {
  return { allowed: false, reason };
}
