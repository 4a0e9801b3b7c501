import { readFileSync } from 'node:fs';

/** Of `/proc/<pid>/stat`: `getconf CLK_TCK`, which Linux fixes at 100. */
const TICK_MS = 10;
/** Of what follows the process's name, which may hold anything in its parentheses. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/**
 * Calls `spent` once when the process has used `limitMs` of processor time from now, of all its threads; a few ticks of
 * 10 ms later at the most. Costs nothing until then: a process cannot use more time than passes, but for its helper
 * threads. Where the system does not tell the time of processes, nothing is called.
 *
 * @returns ends the watch.
 */
export function watchCpu(pid: number, limitMs: number, spent: () => void): () => void {
  const begun = cpuMs(pid);
  let timer: NodeJS.Timeout | undefined;
  const watch = (leftMs: number): void => {
    timer = setTimeout(
      () => {
        const now = cpuMs(pid);
        if (begun === undefined || now === undefined) return;
        const left = limitMs - (now - begun);
        if (left <= 0) spent();
        else watch(left);
      },
      Math.max(leftMs, TICK_MS),
    );
  };
  if (begun !== undefined) watch(limitMs);
  return () => clearTimeout(timer);
}

/** Undefined when the process is gone or the system does not tell. */
function cpuMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
  } catch {
    return undefined;
  }
}
