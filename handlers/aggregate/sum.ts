import { fail, type Json } from '../guest/index.ts';
import { pointerBelow } from './pointer.ts';
import type { Item, Label } from './types.ts';

/** Adds up with the error of every addition kept aside (Neumaier 1974), so that the order hardly matters. */
class Sum {
  #sum = 0;
  #error = 0;

  add(value: number): void {
    const sum = this.#sum + value;
    this.#error += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
  }

  get value(): number {
    return this.#sum + this.#error;
  }
}

/** The sum of numbers, or of each field of objects of numbers; 0 of nothing, nulls add nothing. */
export function sum(items: readonly Item[]): Json {
  const total = new Sum();
  const fields = new Map<string, Sum>();
  let kind: 'numbers' | 'objects' | undefined;
  const be = (wanted: typeof kind, item: Label): void => {
    kind ??= wanted;
    if (kind !== wanted) invalid(item, '', 'there are numbers and objects; "sum" takes one of them');
  };
  for (const { item, value } of items) {
    if (value === null) continue;
    if (typeof value === 'number') {
      be('numbers', item);
      total.add(value);
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      be('objects', item);
      addFields(fields, Object.entries(value), item);
    } else {
      invalid(item, '', 'it is neither a number nor an object of numbers; "select" can make it one');
    }
  }
  if (kind !== 'objects') return finite(total.value);
  return Object.fromEntries(Array.from(fields, ([name, each]) => [name, finite(each.value)]));
}

function addFields(fields: Map<string, Sum>, entries: readonly (readonly [string, Json])[], item: Label): void {
  for (const [name, value] of entries) {
    if (value === null) continue;
    if (typeof value !== 'number') invalid(item, pointerBelow('', name), 'it is no number');
    const field = fields.get(name) ?? new Sum();
    field.add(value);
    fields.set(name, field);
  }
}

function finite(value: number): number {
  if (!Number.isFinite(value)) fail('value_invalid', 'the sum is larger than a number can be');
  return value;
}

function invalid(item: Label, pointer: string, problem: string): never {
  return fail('value_invalid', `item ${JSON.stringify(item)}${pointer === '' ? '' : ` at "${pointer}"`}: ${problem}`, {
    details: { item, pointer },
  });
}
