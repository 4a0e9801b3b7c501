import { PlannerFailure } from '../../kernel/index.ts';
import { ended, type FailedCall, unreachable } from './failure.ts';

/** For a call whose model has no `timeout_ms`. */
export const TIMEOUT_MS_DEFAULT = 300_000;

/**
 * Runs a call until it ends, its time is up or `signal` gives it up, and gives what it came to and how long it took.
 * @throws PlannerFailure; what is none becomes `model_unreachable`
 */
export async function withDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  options: { readonly signal: AbortSignal; readonly timeout_ms: number; readonly call: FailedCall },
): Promise<{ readonly value: T; readonly latency_ms: number }> {
  const { signal, timeout_ms, call } = options;
  const timeout = AbortSignal.timeout(timeout_ms);
  const started = performance.now();
  try {
    const value = await run(AbortSignal.any([signal, timeout]));
    return { value, latency_ms: Math.round(performance.now() - started) };
  } catch (error) {
    if (signal.aborted || timeout.aborted) throw ended(timeout_ms, signal.aborted, call);
    throw error instanceof PlannerFailure ? error : unreachable(error, call);
  }
}
