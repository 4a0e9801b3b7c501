import fc from 'fast-check';
import { anyReference } from '../../testing/arbitrary_reference.ts';
import { assert, suite } from '../../testing/suite.ts';
import { WeftError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { Reference } from '../template/types.ts';
import { compileValue } from './parse.ts';
import { RESOLVED_SIZE_MAX, type ReferenceScope, resolveReference, resolveValue, valueAt } from './resolve.ts';

const test = suite('reference resolver');

const scope: ReferenceScope = {
  context: {
    amount: 7,
    name: 'Ada',
    flags: [true, null],
    'any key': { deep: [{ y: 1 }] },
    ...JSON.parse('{"__proto__": "own"}'),
  },
  taskId: 't-1',
  step: (name) => {
    if (name === 'done') return { status: 'complete', result: { x: [{ y: 'z' }] }, error: null };
    if (name === 'failed') return { status: 'error', result: null, error: { code: 'http_status' } };
    return undefined;
  },
  results: (worker) => (worker === 'worker' ? [{ index: 0, status: 'complete', result: 5 }] : undefined),
  plan: (name) => (name === 'planned' ? { total: 3 } : undefined),
  batch: { item: { id: 4 }, index: 2 },
  secret: (name) => `<${name}>`,
};

function resolved(value: Json, within: ReferenceScope = scope): Json {
  const { compiled, problems } = compileValue(value);
  assert.equal(problems, []);
  return resolveValue(compiled, within);
}

test('a reference that is the whole value keeps its type', () => {
  const cases: [string, Json][] = [
    ['${task.context.amount}', 7],
    ['${task.context.flags}', [true, null]],
    ['${task.context.flags[0]}', true],
    ['${task.context["any key"].deep[0]}', { y: 1 }],
    ['${task.id}', 't-1'],
    ['${steps.done.result.x[0].y}', 'z'],
    ['${steps.done.status}', 'complete'],
    ['${steps.done.error}', null],
    ['${steps.failed.error.code}', 'http_status'],
    ['${steps.worker.results[0].result}', 5],
    ['${plans.planned.output.total}', 3],
    ['${batch.item.id}', 4],
    ['${batch.index}', 2],
    ['${secrets.API_KEY}', '<API_KEY>'],
  ];
  for (const [source, value] of cases) assert.equal(resolved(source), value, source);
});

test('inside text, scalars are their text, containers their JSON, null and missing nothing', () => {
  assert.is(
    resolved(
      '${task.context.name}|${task.context.amount}|${task.context.flags}|${task.context.flags[1]}|${steps.no.result}|',
    ),
    'Ada|7|[true,null]|||',
  );
});

test('what is missing is null', () => {
  const missing = [
    '${task.context.nope}',
    '${task.context.name.length}',
    '${task.context.flags.length}',
    '${task.context.flags[9]}',
    '${task.context["any key"][0]}',
    '${steps.absent.result.a}',
    '${steps.absent.status}',
    '${steps.failed.result.a}',
    '${steps.other.results}',
    '${plans.other.output}',
  ];
  for (const source of missing) assert.is(resolved(source), null, source);
  const { batch, plan, results, ...bare } = scope;
  for (const source of ['${batch.item}', '${batch.index}', '${plans.planned.output}', '${steps.worker.results}']) {
    assert.is(resolved(source, bare), null, source);
  }
});

test('only own properties are seen', () => {
  for (const key of ['constructor', 'toString', 'hasOwnProperty']) {
    assert.is(resolved(`\${task.context.${key}}`), null);
    assert.is(resolved(`\${task.context.flags["${key}"]}`), null);
  }
  assert.is(resolved('${task.context.__proto__}'), 'own');
  assert.is(resolved('${batch.item.__proto__}'), null);
});

test('a key called __proto__ stays an own key', () => {
  const value = resolved(JSON.parse('{"__proto__": "${task.id}"}')) as object;
  assert.equal(Object.entries(value), [['__proto__', 't-1']]);
  assert.is(Object.getPrototypeOf(value), Object.prototype);
});

/** What a reference means, written down a second time without sharing code. */
function model(reference: Reference, within: ReferenceScope): Json {
  const { root } = reference;
  const roots: Record<string, () => unknown> = {
    task_context: () => within.context,
    task_id: () => within.taskId,
    batch_item: () => within.batch!.item,
    batch_index: () => within.batch!.index,
    secret: () => within.secret((root as { name: string }).name),
    plan: () => within.plan!((root as { step: string }).step),
    step: () => {
      const { step, part } = root as { step: string; part: string };
      if (part === 'results') return within.results!(step);
      return { ...within.step(step) }[part as 'status'];
    },
  };
  const found = reference.path.reduce<unknown>((value, key) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value) !== Number.isInteger(key)) return undefined;
    return new Map<unknown, unknown>(Array.isArray(value) ? value.entries() : Object.entries(value)).get(key);
  }, roots[root.kind]!());
  return (found ?? null) as Json;
}

/** Arrays and objects that hold something at the path, and something else besides. */
const valueWith = (path: readonly (string | number)[], leaf: Json): Json =>
  path.reduceRight<Json>((value, key) => {
    if (typeof key === 'number')
      return Object.assign(
        Array.from({ length: key + 1 }, () => null),
        { [key]: value },
      );
    return Object.fromEntries([
      [key, value],
      ['other', 1],
    ]) as Json;
  }, leaf);

test('agrees with a second description of what references mean', () => {
  const anyScope = (reference: Reference, leaf: Json, bend: number): ReferenceScope => {
    // Sometimes the path is there, sometimes it leads somewhere else or nowhere.
    const value = bend === 0 ? leaf : valueWith(reference.path.slice(0, reference.path.length - (bend - 1)), leaf);
    return {
      context: value,
      taskId: 'id',
      step: (name) => (name < 'm' ? { status: 'complete', result: value, error: value } : undefined),
      results: () => value,
      plan: () => value,
      batch: { item: value, index: 3 },
      secret: (name) => name,
    };
  };
  fc.assert(
    fc.property(anyReference, fc.jsonValue(), fc.nat(2), (reference, leaf, bend) => {
      const within = anyScope(reference, leaf as Json, bend);
      const expected = model(reference, within);
      const text = expected === null ? '' : typeof expected === 'string' ? expected : JSON.stringify(expected);
      assert.equal(resolveReference(reference, within), expected);
      assert.equal(resolved({ a: [reference.source], b: `<${reference.source}>` }, within), {
        a: [expected],
        b: `<${text}>`,
      });
    }),
    { numRuns: 2000 },
  );
});

test('changes neither the compiled value nor the scope', () => {
  const frozen = deepFreeze({ a: ['${task.context}', { b: 'x${task.context.name}' }], c: [1] });
  const { compiled } = compileValue(frozen);
  deepFreeze(compiled);
  resolveValue(compiled, { ...scope, context: deepFreeze(structuredClone(scope.context)) });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

test('a few references cannot stand for any amount of data', () => {
  const context = { big: 'x'.repeat(RESOLVED_SIZE_MAX / 8) };
  const refused = (value: Json, within: Json) => {
    const { compiled } = compileValue(value);
    assert.throws(
      () => resolveValue(compiled, { ...scope, context: within }),
      (error: unknown) => error instanceof WeftError && error.code === 'resolved_too_large',
    );
  };
  refused(
    Array.from({ length: 9 }, () => '${task.context.big}'),
    context,
  );
  refused('${task.context}'.repeat(9), context);
  let deep: Json = null;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  refused('deep: ${task.context}', deep);
});

test('steps by strings into objects and by numbers into arrays, never across', () => {
  assert.is(valueAt(['a'], ['0']), undefined);
  assert.is(valueAt({ 0: 'a' }, [0]), undefined);
  assert.is(valueAt('text', [0]), undefined);
  assert.is(valueAt(undefined, []), undefined);
  assert.is(valueAt({ a: [null] }, ['a', 0]), null);
});
