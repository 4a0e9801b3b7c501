import { egressAllows, isAddress } from '../../kernel/template/egress.ts';
import type { EgressRule } from '../../kernel/template/types.ts';
import type { OperatorEgressRule } from '../config/types.ts';
import { canonicalAddress, reachOf } from './address.ts';

export { hostMatches } from '../../kernel/template/egress.ts';

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
  const { protocol, hostname, port, pathname } = url;
  const request = { protocol, hostname, port, pathname, method };
  const target = `${method} ${url.origin}${url.pathname}`;
  if (!question.template.some((rule) => egressAllows(rule, request))) {
    return denied(`${target} is in no egress rule of the template; add one under "egress"`);
  }
  const rules = question.operator.filter((rule) => egressAllows(rule, request));
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

function literalOf(url: URL): string | undefined {
  return isAddress(url.hostname) ? url.hostname.replace(/^\[|\]$/g, '') : undefined;
}

function notOpen(host: string, address: string): string {
  return `"${host}" leads to ${address}, which is not a public address; an operator rule with "private: true" opens it`;
}

function denied(reason: string): EgressDecision {
  return { allowed: false, reason };
}
