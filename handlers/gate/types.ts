import type { Json } from '../guest/index.ts';

/** What counts as an answer; see `configSchema`. */
export type Criteria = 'any' | 'all' | { readonly quorum: number; readonly rejections?: number };

/** One audience and its time. */
export interface Level {
  /** Principals and `role:name`; undefined asks anybody with the right to signal. */
  readonly audience?: readonly string[];
  readonly criteria: Criteria;
  readonly timeout_ms?: number;
  readonly reminders_ms: readonly number[];
}

/** The config, defaults filled in. */
export interface GateConfig extends Level {
  readonly title: string;
  readonly description?: string;
  readonly details?: Json;
  readonly data_schema?: Json;
  readonly comment_required: 'never' | 'reject' | 'always';
  readonly on_timeout: 'approve' | 'reject' | 'escalate';
  readonly escalation?: readonly Level[];
  readonly on_last_timeout: 'approve' | 'reject';
  readonly on_reject: 'fail' | 'complete';
}

export type Decision = 'approve' | 'reject';

/** What one principal decided. Times in milliseconds since 1970. */
export interface Vote {
  readonly principal: string;
  readonly roles: readonly string[];
  readonly at_ms: number;
  readonly decision: Decision;
  readonly comment: string | null;
  readonly data: Json;
  readonly level: number;
}

/** What the gate keeps between activations. Times in milliseconds since 1970. */
export interface GateState {
  readonly level: number;
  /** When this level's audience was asked. */
  readonly asked_at_ms: number;
  /** The last vote of each principal who was asked at some level, oldest first. */
  readonly votes: readonly Vote[];
  /** How many of this level's reminders are due. */
  readonly reminders: number;
}

/** How the gate ended; the step's result. */
export interface Verdict {
  readonly decision: Decision;
  /** Empty when time decided. */
  readonly decided_by: readonly string[];
  readonly decided_at_ms: number;
  readonly comment: string | null;
  readonly data: Json;
  readonly decisions: readonly Vote[];
  readonly level: number;
  readonly timed_out: boolean;
}
