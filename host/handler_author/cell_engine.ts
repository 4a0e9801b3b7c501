import { SMALL_FRAME_BYTES } from '../sandbox/cell/frames.ts';
import { type Cell, startCell } from '../sandbox/cell.ts';
import { CASE_LIMITS, type CaseEngine, lateEnd, reportEnd } from './engine.ts';
import { cannedHost } from './native/canned_host.ts';

const HEAP_MB_MAX = 128;

/**
 * Runs a transpiled component in a cell as steps run, except that the world is the case's. A cell whose guest did not
 * return is replaced.
 *
 * @param cell one that is warm, may read `directory` and is this engine's from now on.
 */
export function openCellEngine(directory: string, cell?: Cell): CaseEngine {
  let current = cell;
  const cells = new Set<Cell>(current === undefined ? [] : [current]);
  return {
    name: 'wasm',
    async run(step, world) {
      current ??= startCaseCell(directory);
      cells.add(current);
      const used = current;
      const host = cannedHost(world);
      const late = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => late.resolve(undefined), CASE_LIMITS.timeout_ms);
      const { memory_bytes_max, output_bytes_max } = CASE_LIMITS;
      const order = {
        directory,
        memory_bytes_max,
        call: { name: 'run', step },
        output_bytes_max,
        frame_bytes_max: SMALL_FRAME_BYTES + 2 * output_bytes_max,
      } as const;
      const performed = used.perform(order, async (name, args) => host.call(name, args));
      const report = await Promise.race([performed, late.promise]);
      clearTimeout(timer);
      if (report?.end.kind !== 'returned' && report?.end.kind !== 'failed') {
        used.kill();
        current = undefined;
      }
      const seen = report === undefined ? lateEnd(CASE_LIMITS.timeout_ms) : reportEnd(report);
      const { instantiate_ms = 0, run_ms = CASE_LIMITS.timeout_ms, memory_bytes = 0 } = report?.measure ?? {};
      return { ...seen, problems: host.problems(), calls: host.calls(), instantiate_ms, run_ms, memory_bytes };
    },
    async close() {
      for (const each of cells) each.kill();
      await Promise.all([...cells].map((each) => each.exited));
    },
  };
}

/** A cell for cases, which may read `directory`. */
export function startCaseCell(directory: string): Cell {
  const { memory_bytes_max } = CASE_LIMITS;
  return startCell({ readable: [directory], memory_bytes_max, heap_mb_max: HEAP_MB_MAX });
}
