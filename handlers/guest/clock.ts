import { nowMs } from 'weft:clock/wall-clock@1.0.0';
import { installClock } from './prelude.ts';

installClock(() => Number(nowMs()));

/** Milliseconds since 1970 by the host's clock, constant within one run. Importing this gives `Date` a time as well. */
export { now } from './prelude.ts';
