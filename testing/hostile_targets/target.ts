import type { HttpError, HttpRequest } from '../../host/imports/http_shapes.ts';

/** Where the world of the targets listens. */
export interface Ports {
  /** Of every sentinel: nobody may ever connect to it. */
  readonly sentinel: number;
  /** Of the server that answers as it should, `honest.test`. */
  readonly honest: number;
  /** Of the server that misbehaves, `hostile.test`. */
  readonly hostile: number;
  /** Of a server with a certificate that nobody trusts. */
  readonly tls: number;
}

/** A request that must fail, and how. */
export interface HostileTarget {
  readonly name: string;
  /** A plain GET where it says nothing. */
  readonly request: Readonly<Record<string, unknown>> & Pick<HttpRequest, 'url'>;
  readonly expected: HttpError['tag'];
  /** An honest request to the same name that is made first, for targets that change. */
  readonly after?: string;
}

/** Targets of one kind, made once the ports are known. */
export type Targets = (ports: Ports) => readonly HostileTarget[];

/** Enough for anything that answers, little for what never does. */
export const SHORT_MS = 150;
