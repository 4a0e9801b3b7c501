/** The part of `Map` that a task's tables need. */
export interface Table<K, V> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): unknown;
  /** In insertion order. */
  values(): IterableIterator<V>;
  keys(): IterableIterator<K>;
  readonly size: number;
}

/**
 * A table that reads through to another and keeps its own writes: how `decide` looks ahead without touching the
 * state. Costs what is written, not what is there.
 */
export class Overlay<K, V> implements Table<K, V> {
  readonly #base: Table<K, V>;
  readonly #written = new Map<K, V>();
  #added = 0;

  constructor(base: Table<K, V>) {
    this.#base = base;
  }

  get(key: K): V | undefined {
    return this.#written.get(key) ?? this.#base.get(key);
  }

  has(key: K): boolean {
    return this.#written.has(key) || this.#base.has(key);
  }

  set(key: K, value: V): void {
    if (!this.has(key)) this.#added++;
    this.#written.set(key, value);
  }

  *keys(): IterableIterator<K> {
    yield* this.#base.keys();
    for (const key of this.#written.keys()) if (!this.#base.has(key)) yield key;
  }

  *values(): IterableIterator<V> {
    for (const key of this.keys()) yield this.get(key)!;
  }

  get size(): number {
    return this.#base.size + this.#added;
  }
}
