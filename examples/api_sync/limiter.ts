import type { Answer } from '../service.ts';

/** Lets so many requests through, then closes for a while, tells when to come again, and notices who does not listen. */
export interface Limiter {
  /** Requests that were told to come again later. */
  readonly limited: number;
  /** Requests that came again earlier than that. */
  readonly violations: number;
  /** The refusal of a request, or undefined when it may pass; `request` is the same text when it comes again. */
  admit(request: string): Answer | undefined;
}

/** A limiter that closes for `pause_ms` after every `requests`; it counts requests, so that slow clients meet it too. */
export function limiter({ requests, pause_ms }: { readonly requests: number; readonly pause_ms: number }): Limiter {
  const notBefore = new Map<string, number>();
  let limited = 0;
  let violations = 0;
  let left = requests;
  let closedUntil = 0;
  return {
    get limited() {
      return limited;
    },
    get violations() {
      return violations;
    },
    admit(request) {
      const now = Date.now();
      if (now < (notBefore.get(request) ?? 0)) violations++;
      if (now >= closedUntil && left > 0) {
        left--;
        return undefined;
      }
      if (now >= closedUntil) {
        closedUntil = now + pause_ms;
        left = requests;
      }
      limited++;
      const wait_s = Math.ceil((closedUntil - now) / 1_000);
      notBefore.set(request, now + wait_s * 1_000);
      return { status: 429, json: { error: 'not so fast' }, headers: { 'retry-after': String(wait_s) } };
    },
  };
}
