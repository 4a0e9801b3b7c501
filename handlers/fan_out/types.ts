import type { Json } from '../guest/index.ts';
import type { ExpressionLimits } from '../guest/jsonata.ts';

/** How items become batches; see `configSchema`. */
export type Partition =
  | 'each'
  | { readonly size: number }
  | { readonly count: number }
  /** JSONata over one item. */
  | { readonly key: string };

/** The config, defaults filled in. */
export interface FanOutConfig {
  /** JSONata over the inputs; without it the items are the inputs' field `items`. */
  readonly source?: string;
  readonly partition: Partition;
  /** JSONata over a batch. */
  readonly worker?: string;
  readonly max_concurrency: number;
  readonly max_items: number;
  readonly tolerance: { readonly count: number | null; readonly percentage: number | null };
  readonly limits: ExpressionLimits;
}

/** What items are grouped by. */
export type Key = string | number | boolean | null;

/** What one worker is made of: one item, or several, and what they were grouped by. */
export type Batch = { readonly item: Json } | { readonly items: readonly Json[]; readonly key?: Key };
