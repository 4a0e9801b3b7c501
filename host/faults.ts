/** Named points at which the crash harness may end the process. In production nothing listens. */
export interface Faults {
  hit(point: string): void | Promise<void>;
}

/** No faults. */
export const NO_FAULTS: Faults = { hit: () => undefined };

/**
 * Faults as the environment asks for them: `WEFT_CRASH_AT=<point>:<n>` kills the process with SIGKILL the n-th time
 * it passes the point. For the crash harness only.
 */
export function faultsFromEnvironment(env: Readonly<Record<string, string | undefined>>): Faults {
  const asked = env['WEFT_CRASH_AT'];
  if (asked === undefined || asked === '') return NO_FAULTS;
  const [point, nth = '1'] = asked.split(':');
  let left = Number(nth);
  return {
    hit(passed) {
      if (passed === point && --left === 0) process.kill(process.pid, 'SIGKILL');
    },
  };
}
