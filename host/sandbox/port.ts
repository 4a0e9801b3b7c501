import type { Capability } from '../../kernel/capability/types.ts';
import type { Json } from '../../kernel/json.ts';
import type { Outcome } from '../../kernel/task/commands.ts';
import type { Failure } from '../../kernel/task/events.ts';
import type { Resume } from '../../kernel/task/state.ts';
import type { StepLimitValues } from '../../kernel/template/step_limits.ts';

/** What one run of a step may use; a cell's own memory is a limit as well. */
export interface StepLimits extends StepLimitValues {
  /** From the call of `run`, waiting for a cell included; the cell is killed then. */
  readonly timeout_ms: number;
}

/** Who runs what: the grant that host functions check every call against. */
export interface StepIdentity {
  readonly task_id: string;
  readonly step_id: string;
  readonly step_name: string;
  readonly namespace: string;
  readonly template_name: string;
  readonly attempt: number;
  readonly activation: number;
  readonly idempotency_key: string;
}

/** One run of one step. */
export interface StepRun {
  readonly identity: StepIdentity;
  /** `sha256:<hex>` of the component; must have been registered. */
  readonly digest: string;
  readonly config: Json;
  readonly inputs: Json;
  readonly resume?: Resume;
  readonly limits: StepLimits;
  /** Performs host calls; policy is inside. */
  readonly host: HostFunctions;
  /** Aborting kills the run: its failure is `cancelled`. */
  readonly signal: AbortSignal;
}

/**
 * The host side of the WIT imports, bound to one run. Keys are `<interface>#<function>` without the version, as
 * `weft:http/client#send`; arguments and results are the JSON-safe form of jco's bindings (records as objects with
 * camelCase keys, variants as `{tag, val}`, u64 as decimal string). A WIT `result` error is `{error}`; a rejection is a bug.
 */
export interface HostFunctions {
  call(name: string, args: readonly unknown[]): Promise<{ ok: unknown } | { error: unknown }>;
  /** Of the whole run, for the receipt. */
  usage(): HostUsage;
}

/** What a run did through its host functions, as its receipt tells it. Never holds a secret's value. */
export interface HostUsage {
  /** HTTP requests and mails. */
  readonly host_calls: number;
  /** Contacted, as `name:port`, sorted; the first hundred. */
  readonly hosts: readonly string[];
  /** Decoded. */
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Of everything that was refused, how often. */
  readonly denials: number;
  /** The first of them. */
  readonly denied: readonly { readonly function: string; readonly target: string; readonly reason: string }[];
  readonly secret_uses: readonly {
    readonly secret: string;
    readonly host: string;
    readonly position: string;
    readonly count: number;
  }[];
}

/** What one run cost, in milliseconds and bytes. */
export interface RunMeasure {
  /** Waiting for a cell. */
  readonly queue_ms: number;
  readonly instantiate_ms: number;
  readonly run_ms: number;
  /** Of all linear memories together, at their largest; 0 when the cell did not live to tell. */
  readonly memory_bytes: number;
  /** 0 when the run never had a cell. */
  readonly cell_pid: number;
}

/** How a run ended: one of the two, always, whatever the guest did. */
export type RunEnd =
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly measure: RunMeasure }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly measure: RunMeasure };

/** Runs steps. `wasm` runs them in cells; tests and benchmarks have a native one. */
export interface Executor {
  /** How many runs may be in flight; more wait inside. */
  readonly capacity: number;
  /** Whether the component with this digest can be run here. */
  has(digest: string): boolean;
  run(run: StepRun): Promise<RunEnd>;
  close(): Promise<void>;
}

/** A component that was checked and can be run. */
export interface LoadedComponent {
  readonly digest: string;
  readonly capability: Capability;
  /** What its trial gave; null where there was none. */
  readonly trial: Json;
}
