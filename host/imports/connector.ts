import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { addressRefusal, EgressDenied } from './egress_policy.ts';
import { HttpFailure } from './http_shapes.ts';

/** All addresses of a host name, in the order they should be tried. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** What the machine's resolver says, `/etc/hosts` included. */
export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' });

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * An undici connector that resolves a name once per connection, refuses it when any of its addresses is refused, connects
 * only to what was checked, and checks the peer again once connected: Node never calls `lookup` for IP literals.
 * A connection that passed keeps its peer, so reusing it needs no other check.
 *
 * @param open whether loopback, private and link-local addresses may be reached.
 * @param connectWith makes the connection with a given `lookup`; undici's own unless a test says otherwise.
 */
export function checkedConnector(
  open: boolean,
  resolve: Resolve,
  connectWith: (lookup: LookupFunction) => buildConnector.connector = connectByUndici,
): buildConnector.connector {
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname).then(
      (found) => {
        const wanted = found.filter(({ family }) => !options.family || options.family === family);
        const first = wanted[0];
        const reason = found.map(({ address }) => addressRefusal(hostname, address, open)).find(Boolean);
        if (reason !== undefined) callback(new EgressDenied(reason), '', 0);
        else if (first === undefined) callback(new HttpFailure('network', `"${hostname}" has no address`), '', 0);
        else if (options.all) callback(null, [...wanted]);
        else callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, '', 0),
    );
  };
  const connect = connectWith(lookup);
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const reason = addressRefusal(options.hostname, socket.remoteAddress ?? 'an unknown peer', open);
      if (reason === undefined) return callback(null, socket);
      socket.destroy();
      callback(new EgressDenied(reason), null);
    });
}

function connectByUndici(lookup: LookupFunction): buildConnector.connector {
  // Spelled out because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise turn verification off.
  return buildConnector({ lookup, allowH2: false, rejectUnauthorized: true, timeout: CONNECT_TIMEOUT_MS });
}
