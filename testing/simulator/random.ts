import { seededUnit } from '../../kernel/schema/seeded.ts';

/** Chance that can be repeated: everything a simulation draws comes from its seed. */
export class Random {
  /** [0, 1). */
  readonly unit: () => number;

  constructor(seed: number) {
    this.unit = seededUnit(seed);
  }

  /** An integer from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Each item with the given probability. */
  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability));
  }
}
