/** Named points at which the crash harness may end the process. In production nothing listens. */
export interface Faults {
  hit(point: string): void | Promise<void>;
}

/** No faults. */
export const NO_FAULTS: Faults = { hit: () => undefined };

/**
 * Faults as the environment asks for them: `WEFT_CRASH_AT=<point>:<n>` kills the process with SIGKILL the n-th time
 * it passes the point. Of several, separated by commas, each is counted from when the one before it was reached, as
 * `orchestrator.batch_created:1,store.in_transaction:1`. For the crash harness only.
 */
export function faultsFromEnvironment(env: Readonly<Record<string, string | undefined>>): Faults {
  const asked = env['WEFT_CRASH_AT'];
  if (asked === undefined || asked === '') return NO_FAULTS;
  const ahead = asked.split(',').map((each) => {
    const [point, nth = '1'] = each.split(':');
    return { point, left: Number(nth) };
  });
  return {
    hit(passed) {
      const [next] = ahead;
      if (next === undefined || passed !== next.point || --next.left > 0) return;
      ahead.shift();
      if (ahead.length === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}
