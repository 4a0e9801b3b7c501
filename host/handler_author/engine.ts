import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import type { StepRecord } from '../sandbox/cell/messages.ts';
import type { OrderReport } from '../sandbox/cell_link.ts';
import { sandboxFailure } from '../sandbox/failures.ts';
import { judgeRun, type RunVerdict } from '../sandbox/run_end.ts';
import type { CannedWorld } from './native/canned_host.ts';

/** What runs a handler for its author: a cell, or Node itself. */
export interface CaseEngine {
  readonly name: 'wasm' | 'native';
  /** Runs one dispatch in a fresh instance, the world answered by the case. Never rejects. */
  run(step: StepRecord, world: CannedWorld): Promise<EngineEnd>;
  /** Kills what it started; resolves when nothing is left. */
  close(): Promise<void>;
}

/** How a run ended. */
export interface EngineEnd {
  /** In the kernel's form, judged as the engine judges a step. */
  readonly verdict: RunVerdict;
  /** The JSON texts of the outcome or the details, as the guest wrote them. */
  readonly texts: readonly (string | null)[];
  /** Where the handler asked the world otherwise than the case says. */
  readonly problems: readonly string[];
  /** Of every interface, how often it was called. */
  readonly calls: Readonly<Record<string, number>>;
  readonly instantiate_ms: number;
  readonly run_ms: number;
  /** Of the guest's linear memory; 0 when unknown. */
  readonly memory_bytes: number;
}

/** What one run of a case may take and use. */
export const CASE_LIMITS = {
  timeout_ms: 20_000,
  memory_bytes_max: 64 * 1024 * 1024,
  output_bytes_max: 4 * 1024 * 1024,
  output_depth_max: STEP_LIMIT_PRESETS.output_depth_max,
} as const;

/** A run that was not done in time and was killed. */
export function lateEnd(timeout_ms: number): Pick<EngineEnd, 'verdict' | 'texts'> {
  return { verdict: { kind: 'failure', failure: sandboxFailure('timeout', `${timeout_ms} ms`) }, texts: [] };
}

/** What a report means for the author. */
export function reportEnd(report: OrderReport): Pick<EngineEnd, 'verdict' | 'texts'> {
  const { end } = report;
  const texts = end.kind === 'returned' || end.kind === 'failed' ? textsOf(end.value) : [];
  return { verdict: judgeRun(report, CASE_LIMITS), texts };
}

/** Every JSON text in a WIT `outcome` or `failure`; what is malformed has been judged already. */
function textsOf(value: unknown): readonly (string | null)[] {
  const { val, details } = (value ?? {}) as { val?: unknown; details?: unknown };
  if (typeof val === 'string') return [val];
  if (typeof val !== 'object' || val === null) return [textOrNull(details)];
  const { items, ...fields } = val as Record<string, unknown>;
  const listed = Array.isArray(items) ? items : [];
  return [
    ...listed.map(textOrNull),
    ...['state', 'request', 'signals', 'result'].map((name) => textOrNull(fields[name])),
  ];
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
