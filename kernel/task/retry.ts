import type { RetryPolicy } from '../template/types.ts';

/**
 * How long to wait before the next attempt, in milliseconds.
 *
 * linear: `base · n`; exponential: `base · 2^(n-1)`; both capped at `max_ms`, where n counts the failures so far. Then
 * up to `jitter` of it is taken away, by a hash of (step, attempt) in place of chance, so that a replay waits the same.
 * `retryAfterMs`, when the other side named one, is the least that is waited.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failures: number,
  seed: { readonly step_id: string; readonly attempt: number },
  retryAfterMs = 0,
): number {
  const delay = Math.min(policy.max_ms, backoffMs(policy, failures));
  const spread = delay * policy.jitter * unitHash(`${seed.step_id}#${seed.attempt}`);
  return Math.max(Math.round(delay - spread), retryAfterMs);
}

function backoffMs(policy: RetryPolicy, failures: number): number {
  switch (policy.backoff) {
    case 'none':
      return policy.base_ms;
    case 'linear':
      return policy.base_ms * failures;
    case 'exponential':
      return policy.base_ms * 2 ** (failures - 1);
  }
}

/** FNV-1a, 32 bit, of the UTF-16 units, with murmur3's finalizer for its weak high bits; mapped to [0, 1). */
function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
