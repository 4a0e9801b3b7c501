import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { isAsked, isMetByDifferentPeople, type Person, settle } from './criteria.ts';
import type { Decision, Level, Vote } from './types.ts';

const test = suite('gate criteria');
const NAMES = ['ann', 'bob', 'cem', 'dea', 'eli'];

const vote = (principal: string, decision: Decision, roles: readonly string[] = []): Vote => ({
  principal,
  roles,
  at_ms: 0,
  decision,
  comment: null,
  data: null,
  level: 0,
});
const level = (criteria: Level['criteria'], audience?: readonly string[]): Level => ({
  criteria,
  reminders_ms: [],
  ...(audience === undefined ? {} : { audience }),
});
const decisionOf = (asked: Level, ...votes: Vote[]) => settle(asked, votes)?.decision;

const votes = (names: readonly string[]) =>
  fc
    .tuple(
      fc.shuffledSubarray([...names]),
      fc.array(fc.constantFrom<Decision>('approve', 'reject'), { minLength: 5, maxLength: 5 }),
    )
    .map(([people, decisions]) => people.map((name, index) => vote(name, decisions[index]!)));

test('any: the first decision settles', () => {
  assert.is(decisionOf(level('any')), undefined);
  assert.is(decisionOf(level('any'), vote('ann', 'reject'), vote('bob', 'approve')), 'reject');
  assert.equal(settle(level('any'), [vote('ann', 'approve'), vote('bob', 'approve')])?.by, [vote('ann', 'approve')]);
});

test('all: a holder of two roles cannot stand for both', () => {
  const both = level('all', ['role:manager', 'role:finance']);
  const ann = vote('ann', 'approve', ['manager', 'finance']);
  assert.is(decisionOf(both, ann), undefined);
  assert.is(decisionOf(both, ann, vote('bob', 'approve', ['manager'])), 'approve');
  assert.is(decisionOf(both, ann, vote('bob', 'approve', ['finance'])), 'approve');
});

test('all: one rejection settles', () => {
  assert.is(decisionOf(level('all', ['ann', 'role:x']), vote('bob', 'reject', ['x'])), 'reject');
});

test('quorum of named people: settled exactly when no further vote could change it', () => {
  const cases = fc.integer({ min: 1, max: 5 }).chain((count) => {
    const names = NAMES.slice(0, count);
    return fc.record({ names: fc.constant(names), quorum: fc.integer({ min: 1, max: count }), given: votes(names) });
  });
  fc.assert(
    fc.property(cases, ({ names, quorum, given }) => {
      const approvals = given.filter((one) => one.decision === 'approve').length;
      const silent = names.length - given.length;
      const expected = approvals >= quorum ? 'approve' : approvals + silent < quorum ? 'reject' : undefined;
      assert.is(decisionOf(level({ quorum }, names), ...given), expected);
    }),
    { numRuns: 1000 },
  );
});

test('quorum of a role: as many rejections as approvals are needed, or as many as the config says', () => {
  const asked = ['role:board'];
  assert.is(decisionOf(level({ quorum: 2 }, asked), vote('ann', 'reject')), undefined);
  assert.is(decisionOf(level({ quorum: 2 }, asked), vote('ann', 'reject'), vote('bob', 'reject')), 'reject');
  assert.is(decisionOf(level({ quorum: 2, rejections: 1 }, asked), vote('ann', 'reject')), 'reject');
  assert.is(decisionOf(level({ quorum: 1, rejections: 2 }), vote('ann', 'reject')), undefined);
});

test('fewer rejections may be enough than would make a quorum impossible, never more', () => {
  assert.is(decisionOf(level({ quorum: 1, rejections: 1 }, ['ann', 'bob']), vote('ann', 'reject')), 'reject');
  assert.is(decisionOf(level({ quorum: 2, rejections: 2 }, ['ann', 'bob']), vote('ann', 'reject')), 'reject');
});

test('people are asked by name, by role, or all of them', () => {
  const ann: Person = { principal: 'ann', roles: ['board'] };
  assert.ok(isAsked(level('any'), ann));
  assert.ok(isAsked(level('any', ['ann']), ann));
  assert.ok(isAsked(level('any', ['bob', 'role:board']), ann));
  assert.not.ok(isAsked(level('any', ['board', 'role:ann', 'bob']), ann));
});

/** Tries every assignment. */
function metByTrying(entries: readonly string[], people: readonly Person[]): boolean {
  const [first, ...rest] = entries;
  if (first === undefined) return true;
  return people.some(
    (person) =>
      (first.startsWith('role:') ? person.roles.includes(first.slice(5)) : first === person.principal) &&
      metByTrying(
        rest,
        people.filter((other) => other !== person),
      ),
  );
}

test('entries are matched to different people whenever any assignment exists', () => {
  const people = fc.uniqueArray(
    fc.record({ principal: fc.constantFrom(...NAMES), roles: fc.subarray(['x', 'y', 'z']) }),
    { selector: (person) => person.principal, maxLength: 5 },
  );
  const entries = fc.subarray([...NAMES.slice(0, 3), 'role:x', 'role:y', 'role:z']);
  fc.assert(
    fc.property(entries, people, (asked, given) => {
      assert.is(isMetByDifferentPeople(asked, given), metByTrying(asked, given));
    }),
    { numRuns: 2000 },
  );
});
