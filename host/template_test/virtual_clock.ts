import type { Clock } from '../clock.ts';

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

/** Stands still until it is told to move on. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  after(delay_ms: number, then: () => void): () => void {
    const timer = { at: this.#now + delay_ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When something happens next; undefined when nothing will. */
  nextAt(): number | undefined {
    return this.#timers.size === 0 ? undefined : Math.min(...[...this.#timers].map(({ at }) => at));
  }

  /** Moves on, never back, and calls back what is due then, earliest first. */
  advanceTo(at: number): void {
    this.#now = Math.max(this.#now, at);
    const due = [...this.#timers].filter((timer) => timer.at <= this.#now).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      this.#timers.delete(timer);
      timer.then();
    }
  }
}
