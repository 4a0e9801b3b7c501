/// <reference path="../../wit/generated/weft-http-client.d.ts" preserve="true" />
import type { Error as HttpError, Request, Response } from 'weft:http/client@1.0.0';
import { send as sendOrThrow } from 'weft:http/client@1.0.0';

export type { HttpError, Request, Response };

/** What a call came to: any HTTP status is a response; `error` says why there is none. */
export type Exchange = { readonly response: Response } | { readonly error: HttpError };

/** Performs one request through the host's egress policy. */
export function send(request: Request): Exchange {
  try {
    return { response: sendOrThrow(request) };
  } catch (thrown) {
    // The bindings throw a WIT error as an Error that carries it.
    const error = (thrown as { payload?: HttpError }).payload;
    if (error === undefined) throw thrown;
    return { error };
  }
}
