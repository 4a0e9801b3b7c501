import { WeftError } from '../errors.ts';
import type { JournalEntry, TaskEvent } from './events.ts';

/** The version of the event shapes that this code writes. */
export const EVENT_VERSION = 1;

/**
 * The events of an entry in today's shapes. A version that changes a shape adds its upcaster here, and the golden
 * histories prove that older journals still fold to the same state.
 * @throws journal_corrupt when the entry was written by a newer version
 */
export function upcast(entry: JournalEntry): readonly TaskEvent[] {
  if (entry.version !== EVENT_VERSION) {
    throw new WeftError('journal_corrupt', {
      task_id: '',
      seq: entry.seq,
      problem: `event version ${String(entry.version)} is unknown; this Weft reads up to ${EVENT_VERSION}: upgrade it`,
    });
  }
  return entry.events;
}
