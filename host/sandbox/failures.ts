import type { Failure } from '../../kernel/task/events.ts';

/**
 * How a run fails that the handler did not fail itself. Retryable is what another attempt in another cell may
 * change; what the same input does again is not. `message` ends with the occasion's detail.
 */
export const SANDBOX_FAILURES = {
  /** Not done within the step's timeout; the cell was killed. A slow peer or a busy machine may be why. */
  timeout: { retryable: true, message: 'the step was not done in time' },
  /** The process is gone, by its own fault or an outside hand, or broke the protocol. */
  cell_crashed: { retryable: true, message: 'the sandbox process died' },
  /** A WebAssembly trap: an uncaught exception, a failed assertion, a stack overflow, a refused allocation. */
  trap: { retryable: false, message: 'the handler trapped' },
  /** Processor time at its limit; the cell was killed. */
  cpu_exceeded: { retryable: false, message: 'the handler needs more processor time than it may use' },
  /** Linear memory or the cell's heap at its limit. */
  memory_exceeded: { retryable: false, message: 'the handler needs more memory than it may use' },
  /** An outcome, or the arguments of a host call, beyond the limit. */
  output_too_large: { retryable: false, message: 'the handler wrote more than it may' },
  /** An outcome that breaks the contract: not JSON, too deep, of the wrong shape. */
  output_malformed: { retryable: false, message: "the handler's outcome is malformed" },
  /** The run was aborted by the caller. */
  cancelled: { retryable: false, message: 'the run was cancelled' },
  /** The component is not loaded here, or its transpiled form is gone. */
  component_unavailable: { retryable: true, message: 'the component is not available here' },
  /** A host function rejected instead of answering. */
  host_bug: { retryable: false, message: 'a host function failed unexpectedly; this is a defect of the host' },
} as const satisfies Record<string, Pick<Failure, 'retryable' | 'message'>>;

export type SandboxFailureCode = keyof typeof SANDBOX_FAILURES;

/** A failure of the table, with what happened this time. */
export function sandboxFailure(code: SandboxFailureCode, detail?: string): Failure {
  const { retryable, message } = SANDBOX_FAILURES[code];
  return { code, retryable, message: detail === undefined ? message : `${message}: ${detail}` };
}
