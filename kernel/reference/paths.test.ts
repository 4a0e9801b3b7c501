import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { anySchema, anySmallValue } from '../../testing/arbitrary_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Json, JsonObject } from '../json.ts';
import { guardSchema } from '../schema/guard.ts';
import { pathPossible, schemaAt, typesCompatible } from './paths.ts';

const test = suite('paths through schemas');

const closed = {
  type: 'object',
  properties: {
    orders: { type: 'array', items: { $ref: '#/$defs/order' } },
    pair: { type: 'array', prefixItems: [{ type: 'string' }], items: false },
    state: { enum: ['open', { since: 1 }] },
    open: {},
    never: false,
  },
  additionalProperties: false,
  $defs: {
    order: {
      allOf: [{ properties: { id: { type: 'string', minLength: 1 } } }, { $ref: '#/$defs/priced' }],
      unevaluatedProperties: false,
    },
    priced: {
      properties: { price: { type: 'number' } },
      if: { required: ['price'] },
      then: { properties: { at: {} } },
    },
  },
} as const satisfies JsonObject;

test('knows what a closed schema has and has not', () => {
  const cases: [(string | number)[], ReturnType<typeof pathPossible>][] = [
    [[], 'yes'],
    [['orders'], 'yes'],
    [['orders', 3, 'id'], 'yes'],
    [['orders', 3, 'price'], 'yes'],
    [['orders', 3, 'at'], 'yes'],
    [['orders', 3, 'nope'], 'no'],
    [['orders', 'length'], 'no'],
    [['orders', 3, 'id', 'x'], 'no'],
    [['pair', 0], 'yes'],
    [['pair', 1], 'no'],
    [['state', 'since'], 'yes'],
    [['state', 'until'], 'no'],
    [['open', 'any', 0], 'unknown'],
    [['never'], 'no'],
    [['other'], 'no'],
    [['constructor'], 'no'],
  ];
  for (const [path, verdict] of cases) assert.is(pathPossible(closed, path), verdict, path.join('.'));
});

test('leaves open what depends on the value', () => {
  assert.is(pathPossible({}, ['a', 0]), 'unknown');
  assert.is(pathPossible({ type: 'object' }, ['a']), 'unknown');
  assert.is(pathPossible({ patternProperties: { '^x': false }, additionalProperties: {} }, ['x']), 'yes');
  assert.is(pathPossible({ not: { required: ['a'] } }, ['a']), 'unknown');
  assert.is(pathPossible({ if: {}, then: { properties: { a: false } } }, ['a']), 'unknown');
  assert.is(pathPossible({ $ref: '#/$defs/none' }, ['a']), 'unknown');
});

test('an alternative is impossible only when all are', () => {
  const a = { type: 'object', properties: { a: {} }, additionalProperties: false };
  const b = { type: 'object', properties: { b: {} }, additionalProperties: false };
  for (const keyword of ['anyOf', 'oneOf']) {
    assert.is(pathPossible({ [keyword]: [a, b] }, ['b']), 'yes');
    assert.is(pathPossible({ [keyword]: [a, b] }, ['c']), 'no');
  }
  assert.is(pathPossible({ allOf: [a, b] }, ['a']), 'no');
  assert.is(pathPossible({ if: {}, then: a, else: b }, ['c']), 'no');
});

test('shows the schema of what is at a path', () => {
  assert.equal(schemaAt(closed, ['orders', 0, 'id']), { type: 'string', minLength: 1 });
  assert.equal(schemaAt(closed, ['orders', 0]), undefined);
  assert.equal(schemaAt(closed, ['orders']), { type: 'array' });
  assert.equal(schemaAt(closed, ['state', 'since']), { enum: [1] });
  assert.equal(schemaAt(closed, ['other']), undefined);
  const either = { anyOf: [{ properties: { a: { type: 'null' } } }, { properties: { a: { type: 'string' } } }] };
  assert.equal(schemaAt(either, ['a']), { anyOf: [{ type: 'null' }, { type: 'string' }] });
});

test('compares types and listed values', () => {
  const cases: [JsonObject, JsonObject, ReturnType<typeof typesCompatible>][] = [
    [{ type: 'integer' }, { type: 'number' }, 'yes'],
    [{ type: 'number' }, { type: 'integer' }, 'unknown'],
    [{ const: 1.5 }, { type: 'integer' }, 'no'],
    [{ enum: [1, 2] }, { type: 'integer' }, 'yes'],
    [{ type: 'string' }, { type: ['number', 'null'] }, 'no'],
    [{ type: ['string', 'null'] }, { type: 'string' }, 'unknown'],
    [{ type: 'string' }, { type: 'string', minLength: 1 }, 'unknown'],
    [{ type: 'string' }, { type: 'string', title: 'T', 'x-any': 1 }, 'yes'],
    [{ enum: ['a', 'b'] }, { enum: ['c'] }, 'no'],
    [{ enum: ['a', 'b'] }, { const: 'b' }, 'unknown'],
    [{ type: 'string' }, { enum: [1, null] }, 'no'],
    [{ anyOf: [{ type: 'string' }, { const: 2 }] }, { type: 'boolean' }, 'no'],
    [{ allOf: [{ type: ['string', 'null'] }, { type: ['string', 'number'] }] }, { type: 'string' }, 'yes'],
    [{}, { type: 'string' }, 'unknown'],
    [{ type: 'string' }, {}, 'yes'],
  ];
  for (const [from, to, verdict] of cases) {
    assert.is(typesCompatible(from, to), verdict, `${JSON.stringify(from)} to ${JSON.stringify(to)}`);
  }
});

const judges = new Map<string, (value: Json) => boolean>();

/** An independent judge. */
function judge(schema: JsonObject): (value: Json) => boolean {
  const text = JSON.stringify(schema);
  const known = judges.get(text);
  if (known) return known;
  const ajv = new Ajv2020({ strict: false, ownProperties: true, meta: false, validateSchema: false });
  const validate = ajv.compile(schema);
  const made = (value: Json): boolean => {
    try {
      return validate(value) as boolean;
    } catch {
      // Some uses of patternProperties below oneOf make ajv generate code that throws.
      return false;
    }
  };
  judges.set(text, made);
  return made;
}

/** Every place in a value, itself first. */
function* places(value: Json, path: readonly (string | number)[] = []): Generator<[(string | number)[], Json]> {
  yield [[...path], value];
  if (typeof value !== 'object' || value === null) return;
  const entries: Iterable<[string | number, Json]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of entries) yield* places(item, [...path, key]);
}

const usableSchema = anySchema.filter((schema) => guardSchema(schema).length === 0);
const values = fc.array(anySmallValue, { minLength: 20, maxLength: 20 });

test('never calls a path impossible that a valid value has, and what it shows of it is true', () => {
  let impossible = 0;
  fc.assert(
    fc.property(usableSchema, values, (schema, values) => {
      const isValid = judge(schema);
      for (const value of values) {
        const valid = isValid(value);
        for (const [path, found] of places(value)) {
          const possible = pathPossible(schema, path);
          if (possible === 'no') impossible++;
          if (!valid) continue;
          assert.is.not(possible, 'no', `${JSON.stringify(value)} at ${path.join('.')}`);
          const shown = schemaAt(schema, path);
          if (shown) assert.ok(judge(shown)(found), `${JSON.stringify(found)} against ${JSON.stringify(shown)}`);
        }
      }
    }),
    { numRuns: 1000 },
  );
  // A verdict that is never given would pass as well.
  assert.ok(impossible > 1000, `${impossible} impossible paths`);
});

test('never calls types incompatible that share a value, nor compatible when one does not fit', () => {
  const seen = { yes: 0, no: 0, unknown: 0 };
  const type = fc.constantFrom<Json>('string', 'number', 'integer', 'null', 'object', 'array', ['string', 'integer']);
  const listed = fc.array(anySmallValue, { minLength: 1, maxLength: 3 });
  const shallow = fc.oneof(
    type.map((type): JsonObject => ({ type })),
    listed.map((values): JsonObject => ({ enum: values })),
    usableSchema.map((schema) => schemaAt(schema, []) ?? {}),
  );
  fc.assert(
    fc.property(shallow, shallow, values, (from, to, values) => {
      const verdict = typesCompatible(from, to);
      seen[verdict]++;
      const [gives, takes] = [judge(from), judge(to)];
      for (const value of values.filter(gives))
        assert.is.not(verdict, takes(value) ? 'no' : 'yes', JSON.stringify(value));
    }),
    { numRuns: 1000 },
  );
  assert.ok(Math.min(seen.yes, seen.no, seen.unknown) > 50, JSON.stringify(seen));
});

test('ends on schemas made to keep it busy', () => {
  assert.is(pathPossible({ $ref: '#' }, ['a']), 'unknown');
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => {
      const next = { $ref: `#/$defs/d${i + 1}` };
      return [`d${i}`, { allOf: [next, next], anyOf: [next, next] }];
    }),
  );
  const busy: JsonObject = { $ref: '#/$defs/d0', unevaluatedProperties: false, $defs: { ...doubling, d40: true } };
  assert.is(
    pathPossible(
      busy,
      Array.from({ length: 60 }, () => 'a'),
    ),
    'unknown',
  );
});
