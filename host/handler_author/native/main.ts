/**
 * Runs a handler's script case by case, in a process that may read its own code and nothing else. The process that
 * started it sends `NativeOrder`s and gets a `NativeEnd` for each.
 */
import { startLifeline } from '../../sandbox/cell/lifeline.ts';
import { cannedHost } from './canned_host.ts';
import type { NativeEnd, NativeOrder } from './messages.ts';
import { evaluateScript, hostImports } from './script.ts';

startLifeline();
process.on('message', (order: NativeOrder) => process.send?.(perform(order)));

function perform({ code, call, world }: NativeOrder): NativeEnd {
  const host = cannedHost(world);
  const done = (end: NativeEnd['end']): NativeEnd => ({ end, problems: host.problems(), calls: host.calls() });
  try {
    const handler = evaluateScript(code, hostImports(host.call));
    const value = call.name === 'describe' ? handler.describe() : handler.run(call.step);
    return done({ kind: 'returned', value });
  } catch (thrown) {
    if (isFailure(thrown)) return done({ kind: 'failed', value: thrown });
    return done({ kind: 'trapped', message: String(thrown).slice(0, 1_000) });
  }
}

/** A handler throws WIT `failure` records; anything else is a defect. */
function isFailure(thrown: unknown): boolean {
  const { code, retryable } = (thrown ?? {}) as { code?: unknown; retryable?: unknown };
  return typeof code === 'string' && typeof retryable === 'boolean';
}
