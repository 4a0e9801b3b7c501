import type * as wit from 'weft:handler/handler@1.0.0';
import type { GuestHandler } from '../handlers/guest/index.ts';
import type { HostImports } from '../host/handler_author/native/script.ts';

/** How one run ended, as it crossed the boundary. */
export type BoundaryEnd = { readonly outcome: wit.Outcome } | { readonly failure: wit.Failure };

/** A fresh instance of a handler, in whatever engine. */
export interface LoadedHandler {
  /** The capability schema as text. */
  describe(): string;
  /** Performs one dispatch; throws only on a trap or a defect of the runner. */
  run(step: wit.Step): BoundaryEnd;
}

/** A handler that can be instantiated again and again. */
export type HandlerFactory = (imports: HostImports) => LoadedHandler;

/** Tells a handler's documented failure from a defect, wherever the bindings put the thrown record. */
export function loadedHandler(handler: GuestHandler): LoadedHandler {
  return {
    describe: () => handler.describe(),
    run(step) {
      try {
        return { outcome: handler.run(step) };
      } catch (thrown) {
        const failure = (thrown as { payload?: unknown }).payload ?? thrown;
        if (!isFailure(failure)) throw thrown;
        return { failure };
      }
    },
  };
}

function isFailure(thrown: unknown): thrown is wit.Failure {
  const { code, retryable } = thrown as Partial<wit.Failure>;
  return typeof code === 'string' && typeof retryable === 'boolean';
}
