import type { JsonObject } from '../../kernel/json.ts';

/** What a value of a message looks like, said once: as a JSON Schema to publish, as a test to run on every message. */
export interface Shape {
  readonly schema: JsonObject;
  readonly fits: (value: unknown) => boolean;
}

export const anything: Shape = { schema: {}, fits: (value) => value !== undefined };

export const flag: Shape = { schema: { type: 'boolean' }, fits: (value) => typeof value === 'boolean' };

export const text: Shape = { schema: { type: 'string' }, fits: (value) => typeof value === 'string' };

export const name: Shape = {
  schema: { type: 'string', minLength: 1 },
  fits: (value) => typeof value === 'string' && value !== '',
};

export const nothing: Shape = { schema: { type: 'null' }, fits: (value) => value === null };

/** A number that is not negative. */
export const amount: Shape = {
  schema: { type: 'number', minimum: 0 },
  fits: (value) => typeof value === 'number' && value >= 0,
};

/** An integer, at least `minimum`. */
export function count(minimum = 0): Shape {
  return {
    schema: { type: 'integer', minimum },
    fits: (value) => Number.isInteger(value) && (value as number) >= minimum,
  };
}

/** One of some strings. */
export function choice(...values: readonly string[]): Shape {
  return { schema: { enum: values }, fits: (value) => values.includes(value as string) };
}

/** An array. */
export function list(item: Shape): Shape {
  return {
    schema: { type: 'array', items: item.schema },
    fits: (value) => Array.isArray(value) && value.every(item.fits),
  };
}

/** An object with these fields; it may have others, which a newer sender may need. */
export function record(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const needed = Object.entries(required);
  const possible = Object.entries(optional);
  const properties = Object.fromEntries([...needed, ...possible].map(([key, { schema }]) => [key, schema]));
  return {
    schema: { type: 'object', required: Object.keys(required), properties },
    fits: (value) =>
      isObject(value) &&
      needed.every(([key, { fits }]) => Object.hasOwn(value, key) && fits(value[key])) &&
      possible.every(([key, { fits }]) => !Object.hasOwn(value, key) || fits(value[key])),
  };
}

/** An object whose field `kind` chooses what else it has. */
export function variant(kinds: Readonly<Record<string, Shape>>): Shape {
  const choices = Object.entries(kinds).map(([kind, { schema }]) => ({
    allOf: [{ type: 'object', required: ['kind'], properties: { kind: { const: kind } } }, schema],
  }));
  return {
    schema: { oneOf: choices },
    fits: (value) => {
      const kind = isObject(value) && Object.hasOwn(value, 'kind') ? value['kind'] : undefined;
      return typeof kind === 'string' && Object.hasOwn(kinds, kind) && kinds[kind]!.fits(value);
    },
  };
}

/** One, or the other, or both. */
export function either(a: Shape, b: Shape): Shape {
  return { schema: { anyOf: [a.schema, b.schema] }, fits: (value) => a.fits(value) || b.fits(value) };
}

/** Both at once. */
export function both(a: Shape, b: Shape): Shape {
  return { schema: { allOf: [a.schema, b.schema] }, fits: (value) => a.fits(value) && b.fits(value) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
