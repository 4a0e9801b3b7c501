import { setTimeout as sleep } from 'node:timers/promises';
import type { Page, WaitingRow } from '../../host/store/port.ts';
import type { Victim } from './victim.ts';

/** The one who is asked by the gates of batches; see `gatedBatch`. */
const AUDIENCE = 'chaos';

/** Approves whatever asks it until `signal` aborts, however often the server dies meanwhile. */
export async function approveAll(victim: Victim, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const page = await victim.call<Page<WaitingRow>>('GET', '/v1/gates?limit=100');
    for (const { task_id, step_id, request } of page?.items ?? []) {
      if (!Array.isArray(request['audience']) || !request['audience'].includes(AUDIENCE)) continue;
      const body = { signal_id: 'approval', data: { decision: 'approve' } };
      await victim.call('POST', `/v1/tasks/${task_id}/steps/${step_id}/signals`, body);
    }
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}
