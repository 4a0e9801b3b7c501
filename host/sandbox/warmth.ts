import type { Logger } from 'pino';
import type { Cell } from './cell.ts';
import type { ComponentStore } from './component_store.ts';
import { rehearse } from './rehearsal.ts';

/** Which components a cell has run; a first run costs ten times a later one. */
export interface Warmth {
  has(cell: Cell, digest: string): boolean;
  /** The cell has just run the component. */
  add(cell: Cell, digest: string): void;
  /** Whether `warm` has nothing left to do. */
  isWarm(cell: Cell): boolean;
  /** Has a cell rehearse components, those first that ran last, then the newest, while `idle` says so. Never rejects. */
  warm(cell: Cell, idle: () => boolean): Promise<void>;
}

/** Compiled code takes some megabytes each. */
const COMPONENTS_WARMED_MAX = 16;

export function createWarmth(
  components: Pick<ComponentStore, 'locate' | 'digests'>,
  memory_bytes_max: number,
  logger: Logger,
): Warmth {
  const compiled = new WeakMap<Cell, Set<string>>();
  /** Those that ran last at the end. */
  const ran = new Set<string>();
  const cold = new Set<string>();

  return {
    has: (cell, digest) => compiled.get(cell)?.has(digest) ?? false,
    add(cell, digest) {
      ran.delete(digest);
      ran.add(digest);
      remember(cell, digest);
    },
    isWarm: (cell) => missing(cell).length === 0,
    async warm(cell, idle) {
      for (const digest of missing(cell)) {
        const directory = components.locate(digest);
        if (directory === undefined || !idle()) return;
        try {
          await rehearse(cell, directory, memory_bytes_max);
          remember(cell, digest);
        } catch (error) {
          // The cell is lost, and without this so would be every one after it.
          if (idle()) {
            cold.add(digest);
            logger.warn({ err: error, digest }, 'a component could not be warmed up');
          }
          return cell.kill();
        }
      }
    },
  };

  /** Those that the cell should have run, and has not. */
  function missing(cell: Cell): string[] {
    const latest = [...[...ran].reverse(), ...[...components.digests()].reverse()];
    // What ran may have been discarded since.
    const candidates = new Set(latest.filter((each) => !cold.has(each) && components.locate(each) !== undefined));
    const known = compiled.get(cell);
    return [...candidates].slice(0, COMPONENTS_WARMED_MAX).filter((digest) => known?.has(digest) !== true);
  }

  function remember(cell: Cell, digest: string): void {
    const digests = compiled.get(cell) ?? new Set();
    compiled.set(cell, digests.add(digest));
  }
}
