import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { narrow, STEP_LIMIT_NAMES, STEP_LIMIT_PRESETS, STEP_LIMITS, type StepLimitName } from './step_limits.ts';

const test = suite('step limits');

const amount = fc.integer({ min: 0, max: 2 ** 40 });
const all = fc.record(Object.fromEntries(STEP_LIMIT_NAMES.map((name) => [name, amount]))) as fc.Arbitrary<
  Record<StepLimitName, number>
>;
const some = fc.record(Object.fromEntries(STEP_LIMIT_NAMES.map((name) => [name, amount])), {
  requiredKeys: [],
}) as fc.Arbitrary<Partial<Record<StepLimitName, number>>>;

test('a template never widens a limit, and always gets the narrower that it asks for', () => {
  fc.assert(
    fc.property(all, some, (operator, template) => {
      const narrowed = narrow(operator, template);
      assert.equal(Object.keys(narrowed).sort(), [...STEP_LIMIT_NAMES].sort());
      for (const name of STEP_LIMIT_NAMES) {
        assert.ok(narrowed[name] <= operator[name], name);
        assert.is(narrowed[name], Math.min(operator[name], template[name] ?? Infinity), name);
      }
    }),
  );
});

test('narrowing is idempotent, and a step below a template is narrowed by both', () => {
  fc.assert(
    fc.property(all, some, some, (operator, template, step) => {
      const twice = narrow(narrow(operator, template), step);
      assert.equal(narrow(operator, narrow(template, step)), twice);
      assert.equal(narrow(twice, step), twice);
    }),
  );
});

test('what names no limit narrows nothing and adds nothing', () => {
  const strange = { steps_max: 1, __proto__: { host_calls_max: -1 } } as object;
  assert.equal(narrow(STEP_LIMIT_PRESETS, JSON.parse(JSON.stringify(strange))), STEP_LIMIT_PRESETS);
});

test('the presets lie within the bounds', () => {
  for (const name of STEP_LIMIT_NAMES) {
    const { minimum, preset, maximum, description } = STEP_LIMITS[name];
    assert.ok(minimum <= preset && preset <= maximum && description.endsWith('.'), name);
  }
});
