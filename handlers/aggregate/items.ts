import { fail, type Json, type JsonObject } from '../guest/index.ts';
import type { Config, FailedItem, Item, Label } from './types.ts';

/** How a step ended, as `${steps.<worker>.results}` says it. */
interface StepResult {
  readonly status: string;
  readonly result?: Json;
  readonly error?: Json;
}

const RESULT_FIELDS = new Set(['index', 'status', 'result', 'error']);
const SUCCEEDED = new Set(['complete', 'resolved_manually']);
const SETTLED = new Set([...SUCCEEDED, 'error', 'cancelled', 'superseded']);

/** The items with a value, which may be null, and those that failed; no list at all is an item without a value. */
export function readItems(
  items: readonly Json[] | JsonObject | null,
  config: Pick<Config, 'items_are' | 'limits'>,
): { readonly items: readonly Item[]; readonly failed: readonly FailedItem[] } {
  const labelled: Item[] = Array.isArray(items)
    ? (items as readonly Json[]).map((value, item) => ({ item, value }))
    : Object.entries(items ?? { items: null }).map(([item, value]) => ({ item, value }));
  if (labelled.length > config.limits.items) {
    fail('too_many_items', `there are ${labelled.length} items; "limits.items" allows ${config.limits.items}`);
  }
  return areResults(labelled, config.items_are) ? readResults(labelled) : { items: labelled, failed: [] };
}

function areResults(items: readonly Item[], items_are: Config['items_are']): boolean {
  if (items_are !== 'auto') return items_are === 'results';
  return items.length > 0 && items.every(({ value }) => isResult(value));
}

function readResults(labelled: readonly Item[]): ReturnType<typeof readItems> {
  const items: Item[] = [];
  const failed: FailedItem[] = [];
  for (const { item, value } of labelled) {
    // A step that was never created has no result to be read.
    const { status, result = null, error = null } = value === null ? COMPLETE_WITHOUT : asResult(value, item);
    if (SUCCEEDED.has(status)) items.push({ item, value: result });
    else failed.push({ item, status, error });
  }
  return { items, failed };
}

const COMPLETE_WITHOUT: StepResult = { status: 'complete' };

function asResult(value: Json, item: Label): StepResult {
  if (isResult(value)) return value;
  return fail('result_invalid', `item ${JSON.stringify(item)} is no step's result {status, result | error}`, {
    details: { item },
  });
}

function isResult(value: Json): value is Json & StepResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { status } = value as JsonObject;
  return typeof status === 'string' && SETTLED.has(status) && Object.keys(value).every((key) => RESULT_FIELDS.has(key));
}
