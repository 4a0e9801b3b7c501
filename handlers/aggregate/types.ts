import type { Json, JsonObject } from '../guest/index.ts';
import type { ExpressionLimits } from '../guest/jsonata.ts';

/** One way of aggregating: exactly one of these. */
export interface Aggregation {
  readonly merge?: MergeConfig;
  readonly concat?: ConcatConfig;
  readonly sum?: JsonObject;
  readonly count?: JsonObject;
  readonly expression?: string;
}

export interface MergeConfig {
  readonly depth: 'deep' | 'shallow';
  readonly on_conflict: 'last' | 'first' | 'fail' | 'collect';
}

export interface ConcatConfig {
  readonly flatten: boolean;
  readonly unique: boolean;
}

export type Missing = 'fail' | 'skip' | 'null';

/** The config, defaults filled in. */
export interface Config extends Aggregation {
  readonly group?: Aggregation & { readonly by: string };
  readonly items_are: 'auto' | 'values' | 'results';
  readonly select?: string;
  readonly where?: string;
  readonly on_missing: Missing;
  readonly tolerance: { readonly count?: number; readonly percentage?: number };
  readonly output_schema: JsonObject | boolean;
  readonly limits: ExpressionLimits & { readonly items: number };
}

/** What an item is called: its index in a list, its name in an object. */
export type Label = number | string;

/** An item with a value. */
export interface Item {
  readonly item: Label;
  readonly value: Json;
}

/** An item that is the result of a step that failed. */
export interface FailedItem {
  readonly item: Label;
  readonly status: string;
  readonly error: Json;
}

/** What takes part, and the key of its group when there are groups. */
export interface Part extends Item {
  readonly key: string;
}

/** What a result says of the items. */
export interface Counts {
  readonly items: number;
  readonly used: number;
  readonly failed: number;
  readonly left_out: number;
}
