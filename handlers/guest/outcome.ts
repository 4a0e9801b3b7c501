/// <reference path="../../wit/generated/weft-handler-handler.d.ts" preserve="true" />
import type * as wit from 'weft:handler/handler@1.0.0';
import type { Json, JsonObject } from './json.ts';
import { u32 } from './u32.ts';

/** What a waiting step keeps, whom it asks, and when it wakes on its own. */
export interface Suspension {
  /** Given back unchanged as `resume.state`. */
  readonly state: Json;
  /** What people are shown: an object with at least `title`; `audience` limits who may signal. */
  readonly request: JsonObject;
  /** JSON Schema 2020-12 that a signal's data must meet. */
  readonly signals: Json;
  /**
   * At most 16, with names of their own; milliseconds from the moment the suspension is recorded. What is further away
   * than `WAIT_MS_MAX` fires then.
   */
  readonly deadlines: readonly { readonly name: string; readonly afterMs: number }[];
}

/** The longest wait that a deadline or a failure can ask for, in milliseconds: 24.8 days. Longer ones are cut to it. */
export { U32_MAX as WAIT_MS_MAX } from './u32.ts';

/** What a fan-out says beside the batches themselves. */
export interface BatchesOptions {
  /** How many workers may be in flight at once; 0, or absent, is no limit of its own. */
  readonly maxConcurrency?: number;
  /** Meets the capability's `outputSchema`. */
  readonly result: Json;
}

/** How a run ended well. */
export type Outcome =
  | { readonly kind: 'complete'; readonly result: Json }
  | { readonly kind: 'branch'; readonly steps: readonly string[]; readonly result: Json }
  | {
      readonly kind: 'batches';
      readonly items: readonly Json[];
      readonly maxConcurrency: number;
      readonly result: Json;
    }
  | { readonly kind: 'suspend'; readonly suspension: Suspension };

/** The step is done; `result` meets the capability's `outputSchema`. */
export function complete(result: Json): Outcome {
  return { kind: 'complete', result };
}

/** A decision: create these steps (names of steps that depend on this one). */
export function branch(steps: readonly string[], result: Json): Outcome {
  return { kind: 'branch', steps, result };
}

/** A fan-out: one worker for each item, which is its `${batch.item}`; at most 10,000, none is a fan-out as well. */
export function batches(items: readonly Json[], { maxConcurrency = 0, result }: BatchesOptions): Outcome {
  return { kind: 'batches', items, maxConcurrency, result };
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
    case 'batches': {
      const { items, maxConcurrency, result } = outcome;
      return {
        tag: 'batches',
        val: {
          // Array.from, unlike map, does not skip holes.
          items: Array.from(items, (item, index) => text(item, `item ${index}`)),
          maxConcurrency: u32(maxConcurrency, 'maxConcurrency'),
          result: text(result, 'result'),
        },
      };
    }
    case 'suspend': {
      const { state, request, signals, deadlines } = outcome.suspension;
      return {
        tag: 'suspend',
        val: {
          state: text(state, 'state'),
          request: text(request, 'request'),
          signals: text(signals, 'signals'),
          deadlines: deadlines.map(({ name, afterMs }) => ({ name, afterMs: u32(afterMs, 'afterMs') })),
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
