import {
  compileValue,
  didYouMean,
  type EgressRule,
  egressAllows,
  type Finding,
  hostMatches,
} from '../../../kernel/index.ts';

/** What is refused. */
export interface EgressPolicy {
  readonly undeclared: 'error' | 'warning' | 'ignore';
  readonly denied_hosts: readonly string[];
  readonly denied_methods: readonly string[];
}

/** A request as a config writes it, references not filled in. */
export interface WrittenRequest {
  readonly url: string | undefined;
  readonly method: string;
}

/** The part of a URL that is there before any reference is filled in. */
interface KnownUrl {
  readonly url: URL;
  /** Undefined when a reference is part of it. */
  readonly pathname: string | undefined;
}

/**
 * What the policy has against a request. Only what is written out is judged: the host enforces egress again when the
 * request is sent, with every reference filled in. `places` are the pointers of URL and method. Who writes a plan cannot
 * change the template, and is told what that allows.
 */
export function checkRequest(
  request: WrittenRequest,
  places: { readonly url: string; readonly method: string },
  egress: readonly EgressRule[],
  policy: EgressPolicy,
  isPlan = false,
): readonly Finding[] {
  const method = request.method.includes('${') ? undefined : request.method.toUpperCase();
  const findings: Finding[] = [];
  if (method !== undefined && policy.denied_methods.includes(method)) {
    const message = `the operator's policy denies ${method} requests`;
    findings.push({ code: 'method_denied', pointer: places.method, message, got: method });
  }
  const known = request.url === undefined ? undefined : knownUrl(request.url);
  if (known === undefined) return findings;
  const { url, pathname } = known;
  const denial = policy.denied_hosts.find((pattern) => hostMatches(pattern, url.hostname));
  if (denial !== undefined) {
    const message = `the operator's policy denies requests to "${denial}"`;
    findings.push({ code: 'host_denied', pointer: places.url, message, got: url.hostname });
  }
  const { protocol, hostname, port } = url;
  const allowed = egress.some((rule) => egressAllows(rule, { protocol, hostname, port, pathname, method }));
  if (denial === undefined && !allowed && policy.undeclared !== 'ignore') {
    findings.push({
      code: 'host_undeclared',
      severity: policy.undeclared,
      pointer: places.url,
      message: `no rule of the template's egress allows ${method ?? 'a request'} to ${url.origin}${pathname ?? '/…'}`,
      expected: egress.map(({ host }) => host),
      got: url.origin,
      suggestion: isPlan ? tellRules(egress) : suggest(url, egress),
    });
  }
  return findings;
}

/** Reads as much of a URL as stands before its first reference; undefined while its host is open. */
function knownUrl(text: string): KnownUrl | undefined {
  const { compiled } = compileValue(text);
  const start = compiled.kind === 'literal' ? compiled.value : compiled.kind === 'text' ? compiled.parts[0] : undefined;
  if (typeof start !== 'string') return undefined;
  const whole = compiled.kind === 'literal';
  // A reference right behind the host may continue it.
  if (!whole && !/^[a-z]+:\/\/[^/?#\\]+[/?#\\]/i.test(start)) return undefined;
  const url = URL.parse(start);
  if (url === null) return undefined;
  return { url, pathname: whole || /[?#]/.test(start) ? url.pathname : undefined };
}

function suggest(url: URL, egress: readonly EgressRule[]): string {
  const nearest = didYouMean(
    url.hostname,
    egress.map(({ host }) => host).filter((host) => host !== url.hostname),
  );
  if (nearest !== undefined) return nearest;
  const scheme = url.protocol === 'http:' ? ', scheme: http' : '';
  const port = url.port === '' ? '' : `, port: ${url.port}`;
  return `add { host: ${url.hostname}${scheme}${port} } to the template's egress`;
}

function tellRules(egress: readonly EgressRule[]): string {
  if (egress.length === 0) return 'leave the request out: the template allows none';
  const rules = egress.slice(0, 20).map(({ scheme = 'https', host, port, methods, path = '' }) => {
    const authority = port === undefined ? host : `${host}:${port}`;
    return `${methods === undefined ? 'any method' : methods.join('/')} ${scheme}://${authority}${path}`;
  });
  return `the template allows: ${rules.join(', ')}`;
}
