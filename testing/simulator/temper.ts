import type { Random } from './random.ts';

/** How a world misbehaves, as probabilities. Drawn for each seed, so that some worlds are calm and some all trouble. */
export interface Temper {
  /** An attempt fails … */
  readonly failure: number;
  /** … in a way that may pass. */
  readonly retryable: number;
  readonly suspension: number;
  readonly unavailable: number;
  readonly loss: number;
  readonly duplication: number;
  readonly crash: number;
  readonly people: number;
  /** Share of the acts of people that end the whole task. */
  readonly end: number;
  /** The most items of a fan-out. */
  readonly items_max: number;
}

/** Each trait is drawn for itself: what only shows in the absence of another shows, too. */
export function drawTemper(random: Random): Temper {
  return {
    failure: random.pick([0, 0.1, 0.25, 0.5]),
    retryable: random.pick([0, 0.5, 0.9]),
    suspension: random.pick([0, 0.2, 0.5]),
    unavailable: random.pick([0, 0.03]),
    loss: random.pick([0, 0.03]),
    duplication: random.pick([0, 0.1]),
    crash: random.pick([0, 0.02]),
    people: random.pick([0.02, 0.06, 0.3]),
    end: random.pick([0, 0, 0.02, 0.1]),
    items_max: random.pick([3, 6, 24]),
  };
}
