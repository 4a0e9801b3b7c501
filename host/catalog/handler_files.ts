import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { LoadStage } from './refusal.ts';
import type { ExamplesReport } from './run_examples.ts';

/** A handler that a file brought. */
export type OfferedHandler = Pick<CatalogEntry, 'name' | 'version' | 'digest'>;

/** A component's file in a handler directory, and what became of it. */
export interface HandlerFile {
  readonly file: string;
  /** `loaded`: what is in it is offered. `refused`: it is not; what the file held before still may be. */
  readonly status: 'loaded' | 'refused';
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Offered because of this file, what it held before included. */
  readonly offers: readonly OfferedHandler[];
  /** Where a refused one failed. */
  readonly stage: LoadStage | null;
  /** Why it was refused, and what its directory has against it. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of a loaded one: its own examples. */
  readonly examples: ExamplesReport | null;
}
