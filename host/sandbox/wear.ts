import { readFileSync } from 'node:fs';
import type { Cell } from './cell.ts';

/** When a cell has worked enough. */
export interface WearLimits {
  readonly runs_max: number;
  /** Resident memory between two runs, in bytes; looked at where `/proc` tells it. */
  readonly resident_bytes_max: number;
}

/** How much cells have worked. */
export interface Wear {
  /** Counts a run; true when the cell shall be replaced. */
  ran(cell: Cell): boolean;
}

/** Reading it takes some 20 µs, and a cell grows slowly. */
const RUNS_BETWEEN_LOOKS = 64;

export function createWear({ runs_max, resident_bytes_max }: WearLimits): Wear {
  const runs = new WeakMap<Cell, number>();
  const worn = new WeakSet<Cell>();
  return {
    ran(cell) {
      const count = (runs.get(cell) ?? 0) + 1;
      runs.set(cell, count);
      const isLarge = count % RUNS_BETWEEN_LOOKS === 0 && residentBytes(cell.pid) > resident_bytes_max;
      if (count >= runs_max || isLarge) worn.add(cell);
      return worn.has(cell);
    },
  };
}

/** 0 when the process is gone or the system does not tell. */
function residentBytes(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
