import type { Logger } from 'pino';
import { type Cell, startCell } from './cell.ts';
import type { Confinement } from './cell_flags.ts';

/** Cells that are free, and the replacement of those that die. */
export interface CellPool {
  /** A free cell, one that `preferred` accepts when there is a choice; undefined when all are busy or starting. */
  take(preferred: (cell: Cell) => boolean): Cell | undefined;
  /** Gives a cell back, healthy. One that is not given back must be killed. */
  give(cell: Cell): void;
  /** Kills all; resolves when no process is left. */
  close(): Promise<void>;
}

export interface CellPoolOptions {
  /** How many cells to keep alive. */
  readonly size: number;
  readonly confinement: Confinement;
  readonly logger: Logger;
  /** Awaited between a cell's start and its first use. */
  readonly prepare: (cell: Cell) => Promise<void>;
  /** Called whenever a cell became free. */
  readonly onFree: () => void;
}

const RESTART_DELAY_MS_MIN = 100;
const RESTART_DELAY_MS_MAX = 5_000;

/**
 * Keeps cells alive: one that is gone is replaced at once, or after a delay that doubles up to 5 s when it could not
 * even start.
 */
export function openCellPool(options: CellPoolOptions): CellPool {
  const { logger, onFree } = options;
  const alive = new Set<Cell>();
  const timers = new Set<NodeJS.Timeout>();
  // The most recently used last: under a light load, work stays with the cells that are warm.
  const free: Cell[] = [];
  let closed = false;
  let failedStarts = 0;

  for (let i = 0; i < options.size; i++) void keepAlive();

  return {
    take(preferred) {
      const index = free.findLastIndex(preferred);
      return index < 0 ? free.pop() : free.splice(index, 1)[0];
    },
    give,
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const cell of alive) cell.kill();
      await Promise.all([...alive].map((cell) => cell.exited));
    },
  };

  function give(cell: Cell): void {
    if (!alive.has(cell)) return;
    free.push(cell);
    onFree();
  }

  async function keepAlive(): Promise<void> {
    const cell = startCell(options.confinement);
    alive.add(cell);
    void cell.ready.then(async (ready) => {
      if (!ready) return;
      await options.prepare(cell);
      give(cell);
    });
    const how = await cell.exited;
    alive.delete(cell);
    if (free.includes(cell)) free.splice(free.indexOf(cell), 1);
    if (closed) return;
    if (await cell.ready) {
      failedStarts = 0;
      logger.debug({ cell_pid: cell.pid, how }, 'a cell ended and is replaced');
      return keepAlive();
    }
    const delay = Math.min(RESTART_DELAY_MS_MIN * 2 ** failedStarts++, RESTART_DELAY_MS_MAX);
    logger.error({ cell_pid: cell.pid, how, retry_in_ms: delay }, 'a cell could not start');
    const timer = setTimeout(() => {
      timers.delete(timer);
      void keepAlive();
    }, delay);
    timers.add(timer);
  }
}
