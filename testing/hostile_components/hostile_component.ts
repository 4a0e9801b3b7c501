import type { RefusalRule } from '../../host/sandbox/structure/refusal.ts';

/** A component that means harm, and how it must be met. */
export interface HostileComponent {
  readonly name: string;
  /** Its bytes, from sources. */
  readonly build: () => Promise<Uint8Array> | Uint8Array;
  readonly expected: Expected;
}

/** What must come of it. */
export type Expected =
  /** Nothing of it runs. */
  | { readonly refused: RefusalRule }
  /** Its run fails by this code, or one of these where the occasion decides. */
  | { readonly fails: string | readonly string[]; readonly during?: RunShape }
  /** It may run, and gives this and no more; twice, as if it were the first time. */
  | { readonly completes: unknown; readonly during?: RunShape };

/** The circumstances of a run that is not an ordinary one. */
export interface RunShape {
  /** JSON of the step's config. */
  readonly config?: Readonly<Record<string, string | number>>;
  readonly timeout_ms?: number;
  readonly cpu_ms_max?: number;
  readonly memory_bytes_max?: number;
  readonly output_bytes_max?: number;
  /** The step wakes from a suspension. */
  readonly resumed?: boolean;
  /** Host calls are never answered. */
  readonly silence?: boolean;
}
