/** A set of names that forgets the oldest when it is full. */
export class RecentNames {
  readonly #names = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(name: string): void {
    this.#names.add(name);
    if (this.#names.size > this.#max) this.#names.delete(this.#names.values().next().value!);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
