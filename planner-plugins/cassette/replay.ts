import {
  type Json,
  type JsonObject,
  type ModelAdapter,
  NO_USAGE,
  PlannerFailure,
  pointerToken,
} from '../../kernel/index.ts';
import { type Cassette, type CassetteEntry, keyOf, recordedPart } from './format.ts';

/**
 * An adapter that says what was recorded, byte for byte, and asks nobody. Calls that were recorded several times are
 * answered in their order, the last one again and again. `at` names the cassette for people.
 * @throws PlannerFailure what was recorded as a failure; `cassette_missing` for a request that was never recorded
 */
export function replaying({ entries }: Cassette, at: string): ModelAdapter {
  const byKey = Map.groupBy(entries, ({ key }) => key);
  const played = new Map<string, number>();
  return {
    description: `Plays ${at}.`,
    async call(request) {
      const recorded = recordedPart(request);
      const key = keyOf(recorded);
      const found = byKey.get(key);
      if (found === undefined) throw miss(key, recorded as unknown as JsonObject, entries, at);
      const turn = played.get(key) ?? 0;
      played.set(key, turn + 1);
      const { outcome } = found[Math.min(turn, found.length - 1)]!;
      if ('problem' in outcome) throw new PlannerFailure(outcome.problem);
      return structuredClone(outcome.answer);
    },
  };
}

function miss(key: string, request: JsonObject, entries: readonly CassetteEntry[], at: string): PlannerFailure {
  const nearest = entries
    .map((entry) => difference(entry.request as unknown as Json, request, ''))
    .sort((a, b) => b.agreed - a.agreed)[0];
  const where = nearest === undefined ? 'it is empty' : `the nearest differs at ${nearest.pointer || '/'}`;
  const message = `${at} has no recording of this request (${key}): ${where}; record it again when prompt, catalog or context have changed`;
  return new PlannerFailure({ code: 'cassette_missing', message, retryable: false, usage: NO_USAGE });
}

interface Difference {
  /** Of the first place that differs. */
  readonly pointer: string;
  /** How many places before it are the same. */
  readonly agreed: number;
}

function difference(a: Json | undefined, b: Json | undefined, pointer: string): Difference {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return { pointer, agreed: a === b ? 1 : 0 };
  }
  let agreed = 0;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [own, other] = [(a as JsonObject)[key], (b as JsonObject)[key]];
    if (JSON.stringify(own) === JSON.stringify(other)) {
      agreed += 1;
      continue;
    }
    const inside = difference(own, other, `${pointer}/${pointerToken(key)}`);
    return { pointer: inside.pointer, agreed: agreed + inside.agreed };
  }
  return { pointer, agreed };
}
