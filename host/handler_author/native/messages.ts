import type { GuestEnd, StepRecord } from '../../sandbox/cell/messages.ts';
import type { CannedWorld } from './canned_host.ts';

/** One call of one export of a script, in a fresh context. */
export interface NativeOrder {
  /** The bundled handler as a CommonJS module. */
  readonly code: string;
  readonly call: { readonly name: 'run'; readonly step: StepRecord } | { readonly name: 'describe' };
  readonly world: CannedWorld;
}

/** How it ended, in the same terms as in a cell. */
export interface NativeEnd {
  readonly end: Extract<GuestEnd, { kind: 'returned' | 'failed' | 'trapped' }>;
  /** What the canned host has to complain of. */
  readonly problems: readonly string[];
  readonly calls: Readonly<Record<string, number>>;
}
