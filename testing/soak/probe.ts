/**
 * Loaded into the process under test by `--import`: writes what only the process itself can tell into the file that
 * `WEFT_SOAK_PROBE` names, about every second. It collects garbage before each measurement of `live_bytes`, so that
 * what grows there is held by somebody.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What the probe writes. Bytes; delays of the event loop in milliseconds since the reading before. */
export interface ProbeReading {
  readonly at: number;
  readonly pid: number;
  /** Heap, buffers and what else V8 knows of, right after a full collection. */
  readonly live_bytes: number;
  readonly live_at: number;
  readonly heap_used_bytes: number;
  readonly external_bytes: number;
  readonly delay_p99_ms: number;
  readonly delay_max_ms: number;
  /** Timers, sockets, child processes: whatever keeps the process busy. */
  readonly resources: number;
}

const EVERY_MS = 1_000;

const { WEFT_SOAK_PROBE: file, WEFT_SOAK_PARENT: parent, WEFT_SOAK_COLLECT_MS: collectEvery } = process.env;

// Whatever else inherits the environment is not measured.
if (file !== undefined && process.ppid === Number(parent)) observe(file, Number(collectEvery));

function observe(target: string, collectEveryMs: number): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let liveAt = 0;
  let live = 0;
  const timer = setInterval(() => {
    const [p99, max] = [delay.percentile(99) / 1e6, delay.max / 1e6];
    if (Date.now() - liveAt >= collectEveryMs) {
      collect();
      liveAt = Date.now();
      const { heapUsed, external } = process.memoryUsage();
      live = heapUsed + external;
    }
    const { heapUsed, external } = process.memoryUsage();
    const reading: ProbeReading = {
      at: Date.now(),
      pid: process.pid,
      live_bytes: live,
      live_at: liveAt,
      heap_used_bytes: heapUsed,
      external_bytes: external,
      delay_p99_ms: p99,
      delay_max_ms: max,
      resources: process.getActiveResourcesInfo().length,
    };
    writeFileSync(`${target}.new`, JSON.stringify(reading));
    renameSync(`${target}.new`, target);
    // The pause of the collection is the probe's own.
    delay.reset();
  }, EVERY_MS);
  timer.unref();
}
