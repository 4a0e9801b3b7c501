import type { Json } from '../../kernel/json.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import type { Template } from '../../kernel/template/types.ts';

/** A journal as some version wrote it, and the state it folded to then. */
export interface Golden {
  /** What this history is the first to contain. */
  readonly covers: readonly string[];
  readonly template: Template;
  readonly entries: readonly JournalEntry[];
  readonly state: Json;
}

/** Where the histories are kept, for good. */
export const GOLDEN_DIRECTORY = new URL('../../kernel/task/golden/', import.meta.url);
