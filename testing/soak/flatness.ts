/** How much more something may be late in a run than it was early. */
export interface Allowance {
  readonly absolute: number;
  /** Of the early value; whichever of both allows more holds. */
  readonly share: number;
}

/** What early and late came to, and whether the difference is allowed. */
export interface Flatness {
  readonly early: number;
  readonly late: number;
  readonly max: number;
  readonly flat: boolean;
}

/**
 * Compares the medians of the second and the last quarter of a series in time: the first is for warming up, and a median
 * does not mind the moment at which garbage is about to be collected. Less than early is flat. Without at least two
 * values in each of both quarters nothing can be said: not flat.
 */
export function flatness(series: readonly number[], { absolute, share }: Allowance): Flatness {
  const quarter = Math.floor(series.length / 4);
  const early = median(series.slice(quarter, 2 * quarter));
  const late = median(series.slice(series.length - quarter));
  const flat = quarter >= 2 && late - early <= Math.max(absolute, share * early);
  return { early, late, max: Math.max(...series), flat };
}

/** The middle one, or the mean of both; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}
