/** WIT `step` in the form of jco's bindings: JSON travels as text. */
export interface StepRecord {
  readonly taskId: string;
  readonly stepId: string;
  readonly stepName: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly config: string;
  readonly inputs: string;
  readonly resume?: { readonly state: string; readonly signals: string; readonly fired?: string };
}

/** What a host function answered: the two arms of a WIT `result`. */
export type HostReply = { readonly ok: unknown } | { readonly error: unknown };

/** One call of one export, in a fresh instance. */
export interface CellOrder {
  /** Holds `component.mjs` and its core modules. */
  readonly directory: string;
  /** Of linear memory, all memories of the component together. */
  readonly memory_bytes_max: number;
  readonly call: { readonly name: 'run'; readonly step: StepRecord } | { readonly name: 'describe' };
  /** UTF-8 bytes of the strings that the export gives back. */
  readonly output_bytes_max: number;
  /** Of any message the cell sends meanwhile. */
  readonly frame_bytes_max: number;
}

/** From the broker. `run` numbers a cell's orders, so that what belongs to an earlier one is told apart. */
export type ToCell =
  | { readonly kind: 'run'; readonly run: number; readonly order: CellOrder }
  | { readonly kind: 'reply'; readonly run: number; readonly reply: HostReply };

/** How an order ended inside the cell. */
export type GuestEnd =
  /** The export returned: the value of `describe`, or the `ok` of `run`. */
  | { readonly kind: 'returned'; readonly value: unknown }
  /** The `err` of `run`. */
  | { readonly kind: 'failed'; readonly value: unknown }
  | { readonly kind: 'trapped'; readonly message: string }
  | { readonly kind: 'too_large'; readonly what: 'output' | 'host call' | 'memory'; readonly bytes: number }
  /** The transpiled component could not be read. */
  | { readonly kind: 'unloadable'; readonly message: string };

/** What the cell measured, in milliseconds and bytes. */
export interface CellMeasure {
  readonly instantiate_ms: number;
  readonly run_ms: number;
  /** Of all linear memories together, at their largest. */
  readonly memory_bytes: number;
}

/** From a cell. */
export type FromCell =
  | { readonly kind: 'ready' }
  | { readonly kind: 'call'; readonly run: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: 'end'; readonly run: number; readonly end: GuestEnd; readonly measure: CellMeasure };
