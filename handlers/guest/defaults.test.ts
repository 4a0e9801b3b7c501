import { assert, suite } from '../../testing/suite.ts';
import { fillDefaults } from './defaults.ts';

const test = suite('config defaults');

const SCHEMA = {
  properties: {
    mode: { enum: ['a', 'b'], default: 'a' },
    limits: { default: {}, properties: { steps: { default: 10 } } },
    absent: { properties: { deep: { default: 1 } } },
    rules: { items: { $ref: '#/$defs/rule' } },
    default: { $ref: '#/$defs/rule', default: null },
  },
  $defs: { rule: { properties: { reason: { default: 'why not' }, next: { $ref: '#/$defs/rule' } } } },
};

test('fills what is missing, at every depth that is there', () => {
  assert.equal(fillDefaults(SCHEMA, { rules: [{}, { reason: 'because', next: {} }], other: 1 }), {
    mode: 'a',
    limits: { steps: 10 },
    rules: [{ reason: 'why not' }, { reason: 'because', next: { reason: 'why not' } }],
    default: null,
    other: 1,
  });
});

test('keeps what is there, null and false included, and changes nothing in place', () => {
  const value = Object.freeze({ mode: null, limits: Object.freeze({ steps: false }), default: 0, rules: 'no list' });
  assert.equal(fillDefaults(SCHEMA, value), value);
  assert.equal(fillDefaults(SCHEMA, [1]), [1]);
  assert.equal(fillDefaults(true, { a: 1 }), { a: 1 });
});
