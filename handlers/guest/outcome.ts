/// <reference path="../../wit/generated/weft-handler-handler.d.ts" preserve="true" />
import type * as wit from 'weft:handler/handler@1.0.0';
import type { Json, JsonObject } from './json.ts';

/** What a waiting step keeps, whom it asks, and when it wakes on its own. */
export interface Suspension {
  /** Given back unchanged as `resume.state`. */
  readonly state: Json;
  /** What people are shown: an object with at least `title`; `audience` limits who may signal. */
  readonly request: JsonObject;
  /** JSON Schema 2020-12 that a signal's data must meet. */
  readonly signals: Json;
  /** At most 16, with names of their own; milliseconds from the moment the suspension is recorded. */
  readonly deadlines: readonly { readonly name: string; readonly afterMs: number }[];
}

/** How a run ended well. */
export type Outcome =
  | { readonly kind: 'complete'; readonly result: Json }
  | { readonly kind: 'branch'; readonly steps: readonly string[]; readonly result: Json }
  | { readonly kind: 'suspend'; readonly suspension: Suspension };

/** The step is done; `result` meets the capability's `outputSchema`. */
export function complete(result: Json): Outcome {
  return { kind: 'complete', result };
}

/** A decision: create these steps (names of steps that depend on this one). */
export function branch(steps: readonly string[], result: Json): Outcome {
  return { kind: 'branch', steps, result };
}

/** Nothing more to do until a signal or a deadline; the same attempt then runs again with `resume`. */
export function suspend(suspension: Suspension): Outcome {
  return { kind: 'suspend', suspension };
}

/** The outcome as it crosses the boundary: every JSON value as one text. */
export function lowerOutcome(outcome: Outcome): wit.Outcome {
  switch (outcome.kind) {
    case 'complete':
      return { tag: 'complete', val: text(outcome.result, 'result') };
    case 'branch':
      return { tag: 'branch', val: { steps: [...outcome.steps], result: text(outcome.result, 'result') } };
    case 'suspend': {
      const { state, request, signals, deadlines } = outcome.suspension;
      return {
        tag: 'suspend',
        val: {
          state: text(state, 'state'),
          request: text(request, 'request'),
          signals: text(signals, 'signals'),
          deadlines: deadlines.map(({ name, afterMs }) => ({ name, afterMs })),
        },
      };
    }
  }
}

function text(value: Json, what: string): string {
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`the ${what} is ${typeof value}, not JSON`);
  return json;
}
