/** What a host function gives back, as far as a binding has to know it. */
export type HostResult =
  /** WIT `result<_, _>`: the error goes to the guest. */
  | 'result'
  /** WIT `u64`: a decimal string between broker and cell, a bigint for the guest. */
  | 'u64'
  | 'nothing';

/** A WIT interface that the host offers to guests. */
export interface HostInterface {
  /** The newest `major.minor` offered; a component may ask for an older minor. */
  readonly version: readonly [number, number];
  /** By WIT name. */
  readonly functions: Readonly<Record<string, HostResult>>;
}

/** Everything a component may import, by name without the version. Mirrors `wit/`. */
export const HOST_INTERFACES: Readonly<Record<string, HostInterface>> = {
  'weft:clock/wall-clock': { version: [1, 0], functions: { 'now-ms': 'u64' } },
  'weft:http/client': { version: [1, 0], functions: { send: 'result' } },
  'weft:log/logger': { version: [1, 0], functions: { log: 'nothing' } },
  'weft:mail/sender': { version: [1, 0], functions: { send: 'result' } },
};

/** The interface that a component must export, and the newest version understood. */
export const HANDLER_INTERFACE = { name: 'weft:handler/handler', version: [1, 0] } as const;
