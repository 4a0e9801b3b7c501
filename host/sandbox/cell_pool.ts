import type { Logger } from 'pino';
import { type Cell, startCell } from './cell.ts';
import type { Confinement } from './cell_flags.ts';

/** Cells that are free, and the replacement of those that die. */
export interface CellPool {
  /** A free cell, one that `preferred` accepts when there is a choice; undefined when all are busy or starting. */
  take(preferred: (cell: Cell) => boolean): Cell | undefined;
  /**
   * Gives a cell back, healthy. One that is not given back must be killed. One that `isWorn` goes on until another,
   * started for that, can take its place.
   */
  give(cell: Cell, isWorn: boolean): void;
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
 * even start. There are never more than `size` that work, or could.
 */
export function openCellPool(options: CellPoolOptions): CellPool {
  const { logger, onFree } = options;
  const alive = new Set<Cell>();
  const timers = new Set<NodeJS.Timeout>();
  // The most recently used last: under a light load, work stays with the cells that are warm.
  const free: Cell[] = [];
  const prepared = new WeakSet<Cell>();
  /** Who takes the place of a worn cell; started while that one still works. */
  const heirs = new WeakMap<Cell, Cell>();
  let closed = false;
  let failedStarts = 0;

  for (let i = 0; i < options.size; i++) void keepAlive();

  return {
    take(preferred) {
      const index = free.findLastIndex(preferred);
      return index < 0 ? free.pop() : free.splice(index, 1)[0];
    },
    give(cell, isWorn) {
      if (!cell.isAlive) return;
      const heir = heirs.get(cell);
      if (heir !== undefined && prepared.has(heir)) return cell.kill();
      if (isWorn && heir === undefined && !closed) void keepAlive(cell);
      put(cell);
    },
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const cell of alive) cell.kill();
      await Promise.all([...alive].map((cell) => cell.exited));
    },
  };

  function put(cell: Cell): void {
    if (!cell.isAlive) return;
    free.push(cell);
    onFree();
  }

  function withdraw(cell: Cell): boolean {
    const index = free.indexOf(cell);
    if (index >= 0) free.splice(index, 1);
    return index >= 0;
  }

  /** @param elder the worn cell whose place the new one takes; absent when the place is empty. */
  async function keepAlive(elder?: Cell): Promise<void> {
    const cell = startCell(options.confinement);
    let hasStarted = false;
    alive.add(cell);
    if (elder !== undefined) heirs.set(elder, cell);
    void cell.ready.then(async (ready) => {
      hasStarted = ready;
      if (!ready) return;
      await options.prepare(cell);
      prepared.add(cell);
      if (elder === undefined || !alive.has(elder)) put(cell);
      // One that is at work is killed when it is given back.
      else if (withdraw(elder)) elder.kill();
    });
    const how = await cell.exited;
    alive.delete(cell);
    withdraw(cell);
    if (closed) return;
    const heir = heirs.get(cell);
    if (heir !== undefined && alive.has(heir)) {
      logger.debug({ cell_pid: cell.pid, heir_pid: heir.pid, how }, 'a worn cell made room');
      if (prepared.has(heir)) put(heir);
      return;
    }
    if (elder !== undefined && alive.has(elder)) {
      // Another is started when the elder is next given back.
      heirs.delete(elder);
      logger.warn({ cell_pid: cell.pid, how }, 'a cell that was to replace a worn one ended');
      return;
    }
    if (hasStarted) {
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
