import { type Json, type JsonObject, type Suspension, WAIT_MS_MAX } from '../guest/index.ts';
import { dueAt, levelsOf, remindersOf } from './advance.ts';
import { signalSchema } from './signal_schema.ts';
import type { GateConfig, GateState } from './types.ts';

/**
 * A gate that is open, as it is announced to people and remembered by the engine. Deadlines are absolute in the state;
 * each suspension asks again for those that are left: `timeout`, the next `reminder`, and `wait` in place of what is
 * too far away to ask for.
 */
export function suspensionOf(config: GateConfig, state: GateState, now_ms: number): Suspension {
  const levels = levelsOf(config);
  const level = levels[state.level]!;
  const due_ms = dueAt(level, state);
  return {
    state: state as unknown as Json,
    request: withoutUndefined({
      title: config.title,
      description: config.description,
      details: config.details,
      audience: level.audience,
      criteria: level.criteria,
      data_schema: config.data_schema,
      comment_required: config.comment_required,
      level: state.level,
      levels: levels.length,
      asked_at_ms: state.asked_at_ms,
      due_at_ms: due_ms,
      reminders: state.reminders,
      decisions: state.votes as unknown as Json,
    }),
    signals: signalSchema(config),
    deadlines: deadlines([
      ['timeout', due_ms],
      ['reminder', remindersOf(level, state)[state.reminders]],
    ]),
  };

  function deadlines(moments: readonly (readonly [string, number | undefined])[]): Suspension['deadlines'] {
    const waits = new Map<string, number>();
    for (const [name, moment] of moments) {
      if (moment === undefined) continue;
      const afterMs = Math.max(moment - now_ms, 0);
      waits.set(afterMs > WAIT_MS_MAX ? 'wait' : name, afterMs);
    }
    return [...waits].map(([name, afterMs]) => ({ name, afterMs }));
  }
}

function withoutUndefined(value: { readonly [key: string]: Json | undefined }): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
