import fc from 'fast-check';
import { anySchema, anySmallValue } from '../../testing/arbitrary_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Json, JsonObject } from '../json.ts';
import { createSchemaCompiler } from './compile.ts';
import { pointerOf } from './pointer.ts';

const test = suite('explained schema failures');

const compiler = createSchemaCompiler();

function problems(schema: Json, value: Json, unknown: readonly string[] = []) {
  const compiled = compiler.compile(schema);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.check(value, { unknown });
}

/** `pointer message` of each problem. */
const said = (schema: Json, value: Json, unknown: readonly string[] = []) =>
  problems(schema, value, unknown).map(({ pointer, message }) => `${pointer} ${message}`);

test('says each keyword in words that follow the pointer', () => {
  const cases: [JsonObject, Json, string][] = [
    [{ type: 'string' }, 3, 'must be string, but is integer'],
    [{ type: ['string', 'null', 'array'] }, 1.5, 'must be string, null or array, but is number'],
    [{ enum: ['a', 2] }, 'b', 'must be one of "a", 2'],
    [{ const: { a: 1 } }, 'b', 'must be {"a":1}'],
    [{ required: ['a'] }, {}, 'is missing the key "a"'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, 'with the key "a" it needs the key "b"'],
    [{ minimum: 1 }, 0, 'must be at least 1'],
    [{ maximum: 1 }, 2, 'must be at most 1'],
    [{ exclusiveMinimum: 1 }, 1, 'must be above 1'],
    [{ exclusiveMaximum: 1 }, 1, 'must be below 1'],
    [{ multipleOf: 2 }, 3, 'must be a multiple of 2'],
    [{ minLength: 1 }, '', 'must have at least 1 character'],
    [{ maxLength: 2 }, 'abc', 'must have at most 2 characters'],
    [{ pattern: '^a' }, 'b', 'must match the pattern "^a"'],
    [{ minItems: 2 }, [1], 'must have at least 2 items, but has 1'],
    [{ maxItems: 1 }, [1, 2], 'must have at most 1 item, but has 2'],
    [{ prefixItems: [true], items: false }, [1, 2], 'must have at most 1 item, but has 2'],
    [{ prefixItems: [true], unevaluatedItems: false }, [1, 2], 'must have at most 1 item, but has 2'],
    [{ minProperties: 1 }, {}, 'must have at least 1 key, but has 0'],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, 'must have at most 1 key, but has 2'],
    [{ uniqueItems: true }, [1, 2, 1], 'must not repeat an item: item 2 equals item 0'],
    [{ contains: { type: 'string' } }, [1], 'must contain at least 1 of the items that "contains" describes'],
    [
      { contains: { type: 'string' }, minContains: 1, maxContains: 2 },
      [1],
      'must contain 1 to 2 of the items that "contains" describes',
    ],
    [{ not: { type: 'null' } }, null, 'must not be what its schema excludes'],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, 'the key "ab" must have at most 1 character'],
    [false, 1, 'is not allowed here'] as unknown as [JsonObject, Json, string],
  ];
  for (const [schema, value, message] of cases)
    assert.equal(said(schema, value), [` ${message}`], JSON.stringify(schema));
});

test('points at an unknown key and names the nearest known one', () => {
  const schema = { properties: { method: true, url: true }, additionalProperties: false };
  assert.equal(problems({ items: schema }, [{ metod: 1 }]), [
    {
      pointer: '/0/metod',
      keyword: 'additionalProperties',
      message: 'unknown key "metod"',
      expected: ['method', 'url'],
      suggestion: 'did you mean "method"?',
    },
  ]);
  const split = { allOf: [{ properties: { method: true } }], unevaluatedProperties: false };
  assert.equal(said(split, { method: 1, 'a/b': 2 }), ['/a~1b unknown key "a/b"']);
});

test('suggests the nearest of the allowed values', () => {
  assert.is(problems({ enum: ['GET', 'POST'] }, 'get')[0]?.suggestion, 'did you mean "GET"?');
});

test('a described pattern is expected in the words of its description', () => {
  const order = { pattern: '^A-[0-9]{4}$', description: 'An order number.' };
  assert.is(problems(order, 'B-1')[0]?.expected, 'An order number.');
  assert.is(problems({ pattern: '^A' }, 'B')[0]?.expected, undefined);
});

test('shortens what it shows', () => {
  const [problem] = problems({ enum: Array.from({ length: 20 }, (_, i) => i) }, 'x'.repeat(1_000));
  assert.is(problem?.message, 'must be one of 0, 1, 2, 3, 4, 5, 6, 7 or 12 others');
  assert.ok(String(problem?.got).length === 101);
  assert.is(problems({ type: 'string' }, { a: 1 })[0]?.got, 'an object');
});

const auth = {
  oneOf: [{ $ref: '#/$defs/bearer' }, { $ref: '#/$defs/basic' }, { type: 'string' }],
  $defs: {
    bearer: {
      type: 'object',
      properties: { kind: { const: 'bearer' }, token: { type: 'string' } },
      required: ['token'],
    },
    basic: { type: 'object', properties: { kind: { const: 'basic' }, user: { enum: ['a', 'b'] } } },
  },
};

test('of alternatives, speaks of the one that was meant', () => {
  assert.equal(said(auth, { kind: 'bearer', token: 1 }), ['/token must be string, but is integer']);
  assert.equal(said(auth, { kind: 'basic', user: 'c' }), ['/user must be one of "a", "b"']);
  const inArray = { items: auth, $defs: auth.$defs };
  assert.equal(said(inArray, [{ kind: 'basic', user: 'c' }, 'x', { kind: 'bearer', token: 1 }]), [
    '/0/user must be one of "a", "b"',
    '/2/token must be string, but is integer',
  ]);
});

test('names all alternatives when none was evidently meant', () => {
  assert.equal(said(auth, 3), [' must be object or string, but is integer']);
  assert.equal(problems(auth, { kind: 'beaer' }), [
    {
      pointer: '/kind',
      keyword: 'oneOf',
      message: 'must be one of "bearer", "basic"',
      expected: ['bearer', 'basic'],
      got: 'beaer',
      suggestion: 'did you mean "bearer"?',
    },
  ]);
  assert.equal(
    said({ anyOf: [{ required: ['a'] }, { properties: { b: { type: 'string' } }, required: ['b'] }] }, { b: 1 }),
    [' fits none of the alternatives: is missing the key "a"; or /b must be string, but is integer'],
  );
  assert.equal(said({ anyOf: [{ const: 1 }, { enum: [2, 3] }] }, 4), [' must be one of 1, 2, 3']);
  assert.equal(said({ oneOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1, b: 1 }), [
    ' fits more than one of the alternatives, and must fit exactly one',
  ]);
});

test('does not mistake problems beside alternatives for theirs', () => {
  const schema = {
    required: ['z'],
    allOf: [{ required: ['y'] }],
    anyOf: [{ required: ['a'] }, { anyOf: [{ required: ['b'] }, { type: 'string' }] }],
  };
  assert.equal(said(schema, {}).sort(), [
    ' fits none of the alternatives: is missing the key "a"; or is missing the key "b"',
    ' is missing the key "y"',
    ' is missing the key "z"',
  ]);
});

test('of a condition, reports what follows from it', () => {
  const schema = { if: { required: ['a'] }, then: { required: ['b'] }, else: { required: ['c'] } };
  assert.equal(said(schema, { a: 1 }), [' is missing the key "b"']);
  assert.equal(said(schema, {}), [' is missing the key "c"']);
});

test('leaves out what hangs on unknown values, and nothing else', () => {
  const cases: [JsonObject, Json, string[], string[]][] = [
    [{ type: 'object', required: ['b'] }, '?', [''], []],
    [{ properties: { a: { type: 'number' } }, required: ['b'] }, { a: '?' }, ['/a'], [' is missing the key "b"']],
    [{ properties: { ab: { type: 'number' } } }, { ab: '?' }, ['/a'], ['/ab must be number, but is string']],
    [{ enum: [{ a: 1 }] }, { a: '?' }, ['/a'], []],
    [{ not: { properties: { a: { type: 'string' } } } }, { a: '?' }, ['/a'], []],
    [{ uniqueItems: true }, ['?', '?'], ['/0', '/1'], []],
    [{ contains: { type: 'number' } }, ['?'], ['/0'], []],
    [auth, { kind: '?', token: 1 }, ['/kind'], []],
    [auth, { kind: 'basic', user: '?' }, ['/user'], []],
    [auth, { kind: 'bearer', user: '?' }, ['/user'], [' is missing the key "token"']],
    [
      { if: { properties: { a: { const: 1 } } }, then: { required: ['b'] }, else: { required: ['c'] } },
      { a: '?' },
      ['/a'],
      [],
    ],
  ];
  for (const [schema, value, unknown, expected] of cases) {
    assert.equal(said(schema, value, unknown), expected, JSON.stringify([schema, value]));
  }
});

/** The value with something else at a path, and the pointers of all places. */
function places(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => places((value as JsonObject)[key]!, [...path, key]))];
}

function replaced(value: Json, path: readonly (string | number)[], by: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const inner = replaced((value as JsonObject)[key]!, rest, by);
  return Array.isArray(value) ? value.with(key as number, inner) : { ...(value as JsonObject), [key]: inner };
}

test('never reports a value that its unknown parts can make valid', () => {
  let tried = 0;
  const values = fc.array(anySmallValue, { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(anySchema, values, fc.nat(), (schema, values, pick) => {
      const compiled = compiler.compile(schema);
      if (!compiled.ok) return;
      for (const value of values.filter((value) => compiled.check(value).length === 0)) {
        const all = places(value);
        const path = all[pick % all.length]!;
        const open = replaced(value, path, 'not known');
        tried++;
        assert.equal(
          compiled.check(open, { unknown: [pointerOf(path)] }),
          [],
          `${pointerOf(path)} of ${JSON.stringify(value)}`,
        );
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(tried > 1000, `${tried} values`);
});
