import type { IncomingHttpHeaders } from 'node:http';
import { WeftError } from '../../kernel/errors.ts';
import type { Actor } from '../orchestrator/port.ts';
import { requestInvalid } from './problem.ts';
import type { Access } from './route.ts';
import { findToken, type Token } from './token.ts';

/** Who asks. `anonymous` is a reader on this machine who gave no token. */
export interface Caller extends Actor {
  readonly anonymous: boolean;
}

/** How a listener knows its callers. */
export interface Door {
  /** @throws unauthorized, host_not_allowed, origin_not_allowed, identity_forbidden, request_invalid */
  admit(headers: IncomingHttpHeaders): Caller;
}

/** Which roles grant what; `signal` takes a name, whatever its roles. */
const GRANTS: Readonly<Record<Exclude<Access, 'open' | 'signal'>, readonly string[]>> = {
  read: ['read', 'submit', 'operate', 'admin'],
  submit: ['submit', 'admin'],
  operate: ['operate', 'admin'],
  // What removes the traces of what was done: not for those who did it.
  administer: ['admin'],
};

/** Whether the caller's roles grant `access`. */
export function isGranted(caller: Caller, access: Exclude<Access, 'open' | 'signal'>): boolean {
  return caller.roles.some((role) => GRANTS[access].includes(role));
}

/** @throws unauthorized when a name would help, forbidden when it would not */
export function authorize(caller: Caller, access: Access): void {
  if (access === 'open') return;
  if (access === 'signal' ? !caller.anonymous : isGranted(caller, access)) return;
  if (caller.anonymous) throw new WeftError('unauthorized', { problem: 'this takes a token' });
  const roles = access === 'signal' ? [] : GRANTS[access];
  throw new WeftError('forbidden', { principal: caller.principal, roles: roles.join(', ') });
}

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
const LOOPBACK_ADDRESSES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** Whether only this machine reaches a listener on this address. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_ADDRESSES.includes(address);
}

/**
 * The door of a TCP listener: callers are bearers of named tokens. On the loopback, a request without a token that
 * comes straight from this machine may read.
 *
 * A page in a browser here could be led to this address by a name of its own (DNS rebinding): on the loopback only
 * known `Host` names are answered, and pages of other origins never are.
 */
export function networkDoor(options: {
  readonly bind: string;
  readonly tokens: readonly Token[];
  readonly allowed_hosts: readonly string[];
}): Door {
  const { bind, tokens } = options;
  const local = isLoopback(bind);
  const hosts = new Set([...LOOPBACK_NAMES, bind, ...options.allowed_hosts].map((host) => host.toLowerCase()));
  // Off the loopback every request carries a token, which no rebinding page has: names are checked when listed.
  const checksHost = local || options.allowed_hosts.length > 0;

  return {
    admit(headers) {
      const host = hostName(headers.host);
      if (checksHost && !hosts.has(host)) throw new WeftError('host_not_allowed', { host: headers.host ?? '' });
      refuseForeignOrigin(headers);
      for (const header of ['weft-principal', 'weft-roles']) {
        if (headers[header] !== undefined) throw new WeftError('identity_forbidden', { header });
      }
      if (headers.authorization !== undefined) return bearer(headers.authorization, tokens);
      // A request that a proxy passed on, or that was addressed by a public name, is not from this machine.
      const direct = headers.forwarded === undefined && headers['x-forwarded-for'] === undefined;
      if (local && direct && LOOPBACK_NAMES.includes(host)) {
        return { principal: 'anonymous', roles: ['read'], anonymous: true };
      }
      throw new WeftError('unauthorized', { problem: 'this takes a token' });
    },
  };
}

/**
 * The door of the private socket: the file's mode already chose who may come in, so callers say who they are with
 * `Weft-Principal` and `Weft-Roles` (comma-separated), and are `principal` with role `admin` when they don't.
 */
export function privateDoor(principal: string): Door {
  return {
    admit(headers) {
      // Browsers cannot reach a Unix socket; an Origin means that something forwards pages' requests here.
      refuseForeignOrigin(headers);
      const names = namesIn(headers, 'weft-principal') ?? [principal];
      return { principal: names[0] ?? principal, roles: namesIn(headers, 'weft-roles') ?? ['admin'], anonymous: false };
    },
  };
}

function bearer(authorization: string, tokens: readonly Token[]): Caller {
  const [, presented] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (presented === undefined) throw new WeftError('unauthorized', { problem: 'Authorization is not a bearer token' });
  const token = findToken(tokens, presented);
  if (token === undefined) throw new WeftError('unauthorized', { problem: 'the token is not known' });
  return { principal: token.name, roles: token.roles, anonymous: false };
}

/** Lower case, without the port. */
function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d+$/, '');
}

function refuseForeignOrigin({ origin, host }: IncomingHttpHeaders): void {
  if (origin === undefined) return;
  const own = URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
  if (!own) throw new WeftError('origin_not_allowed', { origin });
}

const NAME = /^[A-Za-z0-9][\w.@:+-]{0,99}$/;

function namesIn(headers: IncomingHttpHeaders, header: string): readonly string[] | undefined {
  const value = headers[header];
  if (value === undefined) return undefined;
  const names = String(value)
    .split(',')
    .map((name) => name.trim());
  const bad = names.find((name) => !NAME.test(name));
  if (bad === undefined) return names;
  throw requestInvalid([
    {
      pointer: `/headers/${header}`,
      message: `${JSON.stringify(bad)} is not a name`,
      expected: 'letters, digits and _ . @ : + -, at most 100',
      got: bad,
    },
  ]);
}
