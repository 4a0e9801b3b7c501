import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import type { Signal } from '../guest/index.ts';
import { advance, open } from './advance.ts';
import { isAsked } from './criteria.ts';
import { suspensionOf } from './suspension.ts';
import type { Decision, GateConfig, GateState, Verdict } from './types.ts';

const test = suite('gate over time');

const gate = (config: Partial<GateConfig>): GateConfig => ({
  title: 'Go?',
  criteria: 'any',
  comment_required: 'never',
  on_timeout: 'reject',
  on_last_timeout: 'reject',
  reminders_ms: [],
  on_reject: 'fail',
  ...config,
});
let ids = 0;
const says = (principal: string, decision: Decision, at_ms: number, roles: readonly string[] = []): Signal => ({
  id: `s${ids++}`,
  at_ms,
  principal,
  roles,
  data: { decision },
});
interface Woken {
  readonly now_ms: number;
  readonly signals?: readonly Signal[];
  readonly fired?: string;
}
const wake = (config: GateConfig, state: GateState, { now_ms, signals = [], fired }: Woken) =>
  advance(config, state, { now_ms, signals, fired: fired ?? null });
const verdictOf = (config: GateConfig, state: GateState, woken: Woken): Verdict => {
  const step = wake(config, state, woken);
  if (!('verdict' in step)) throw new Error(`still open: ${JSON.stringify(step.state)}`);
  return step.verdict;
};
const stateOf = (config: GateConfig, state: GateState, woken: Woken): GateState => {
  const step = wake(config, state, woken);
  if (!('state' in step)) throw new Error(`settled: ${JSON.stringify(step.verdict)}`);
  return step.state;
};
const waits = (config: GateConfig, state: GateState, now_ms: number) =>
  suspensionOf(config, state, now_ms).deadlines.map(({ name, afterMs }) => [name, afterMs]);

test('the last decision of a person counts, and the gate remembers one of each', () => {
  const config = gate({ criteria: { quorum: 2 }, audience: ['ann', 'bob', 'cem'] });
  const verdict = verdictOf(config, open(0), {
    now_ms: 9,
    signals: [says('ann', 'reject', 1), says('bob', 'approve', 2), says('ann', 'approve', 3), says('cem', 'reject', 4)],
  });
  assert.is(verdict.decision, 'approve');
  assert.equal(verdict.decided_by, ['bob', 'ann']);
  assert.is(verdict.decided_at_ms, 3);
  assert.equal(
    verdict.decisions.map((vote) => vote.principal),
    ['bob', 'ann'],
  );
});

test('a timeout stays where it was however often the gate wakes', () => {
  const config = gate({ criteria: { quorum: 2 }, timeout_ms: 1000 });
  const first = open(5000);
  assert.equal(waits(config, first, 5000), [['timeout', 1000]]);
  const second = stateOf(config, first, { now_ms: 5400, signals: [says('ann', 'approve', 5390)] });
  assert.equal(waits(config, second, 5400), [['timeout', 600]]);
  const end = verdictOf(config, second, { now_ms: 6003, fired: 'timeout' });
  assert.equal([end.decision, end.timed_out, end.decided_at_ms, end.decided_by], ['reject', true, 6000, []]);
  assert.is(end.decisions.length, 1);
});

test('a deadline that fired counts though the clock lags behind', () => {
  assert.ok(verdictOf(gate({ timeout_ms: 1000 }), open(0), { now_ms: 998, fired: 'timeout' }).timed_out);
});

test('a decision recorded in time counts though the timeout fired with it; a later one does not', () => {
  const config = gate({ timeout_ms: 1000 });
  const inTime = verdictOf(config, open(0), {
    now_ms: 5000,
    fired: 'timeout',
    signals: [says('ann', 'approve', 1000)],
  });
  assert.equal([inTime.decision, inTime.timed_out], ['approve', false]);
  const late = verdictOf(config, open(0), { now_ms: 5000, fired: 'timeout', signals: [says('ann', 'approve', 1001)] });
  assert.equal([late.decision, late.timed_out, late.decisions], ['reject', true, []]);
});

test('a timeout that is missed is noticed at the next wake', () => {
  const verdict = verdictOf(gate({ timeout_ms: 1000, on_timeout: 'approve' }), open(0), { now_ms: 1000 });
  assert.equal([verdict.decision, verdict.timed_out], ['approve', true]);
});

const ESCALATING = gate({
  audience: ['ann'],
  timeout_ms: 1000,
  on_timeout: 'escalate',
  escalation: [
    { audience: ['bob'], criteria: 'any', timeout_ms: 500, reminders_ms: [100] },
    { audience: ['role:board'], criteria: { quorum: 2 }, timeout_ms: 700, reminders_ms: [] },
  ],
  on_last_timeout: 'approve',
});

test('each level has its own time, counted from when it is asked', () => {
  const second = stateOf(ESCALATING, open(0), { now_ms: 1200, fired: 'timeout' });
  assert.equal([second.level, second.asked_at_ms], [1, 1200]);
  assert.equal(waits(ESCALATING, second, 1200), [
    ['timeout', 500],
    ['reminder', 100],
  ]);
  const third = stateOf(ESCALATING, second, { now_ms: 1700, fired: 'timeout' });
  assert.equal(waits(ESCALATING, third, 1700), [['timeout', 700]]);
  const end = verdictOf(ESCALATING, third, { now_ms: 2400, fired: 'timeout' });
  assert.equal([end.decision, end.timed_out, end.level], ['approve', true, 2]);
});

test('only the present level is heard', () => {
  const deaf = stateOf(ESCALATING, open(0), { now_ms: 10, signals: [says('bob', 'approve', 5)] });
  assert.equal(deaf, open(0));
  const end = verdictOf(ESCALATING, open(0), {
    now_ms: 1200,
    fired: 'timeout',
    signals: [says('ann', 'approve', 1100), says('bob', 'reject', 1150)],
  });
  assert.equal([end.decision, end.level, end.decided_by], ['reject', 1, ['bob']]);
});

test('approvals of people whom the next level asks too are kept', () => {
  const config = gate({
    audience: ['ann', 'bob'],
    criteria: 'all',
    timeout_ms: 1000,
    on_timeout: 'escalate',
    escalation: [{ audience: ['ann', 'cem'], criteria: 'all', reminders_ms: [] }],
  });
  const once = stateOf(config, open(0), { now_ms: 10, signals: [says('ann', 'approve', 5)] });
  const second = stateOf(config, once, { now_ms: 1000, fired: 'timeout' });
  const end = verdictOf(config, second, { now_ms: 1500, signals: [says('cem', 'approve', 1499)] });
  assert.equal([end.decision, end.level, end.decided_by], ['approve', 1, ['ann', 'cem']]);
});

test('reminders come in order, overdue ones together, none after the timeout', () => {
  const config = gate({ timeout_ms: 1000, reminders_ms: [500, 200, 800, 1000, 3000] });
  assert.equal(waits(config, open(0), 0), [
    ['timeout', 1000],
    ['reminder', 200],
  ]);
  const first = stateOf(config, open(0), { now_ms: 199, fired: 'reminder' });
  assert.equal(waits(config, first, 199), [
    ['timeout', 801],
    ['reminder', 301],
  ]);
  const all = stateOf(config, first, { now_ms: 900, fired: 'reminder' });
  assert.is(all.reminders, 3);
  assert.equal(waits(config, all, 900), [['timeout', 100]]);
});

test('what is further away than the contract can say is waited for in parts', () => {
  const day_ms = 86_400_000;
  const config = gate({ timeout_ms: 60 * day_ms, reminders_ms: [59 * day_ms] });
  const most_ms = 2 ** 31 - 1;
  assert.equal(waits(config, open(0), 0), [['wait', 59 * day_ms]]);
  const later = stateOf(config, open(0), { now_ms: 2 * most_ms, fired: 'wait' });
  assert.equal(waits(config, later, 2 * most_ms), [
    ['timeout', 60 * day_ms - 2 * most_ms],
    ['reminder', 59 * day_ms - 2 * most_ms],
  ]);
});

const people = ['ann', 'bob', 'cem', 'dea'];
const signals = fc
  .array(
    fc.record({
      principal: fc.constantFrom(...people, 'eve'),
      decision: fc.constantFrom<Decision>('approve', 'reject'),
      roles: fc.subarray(['x', 'y']),
    }),
    { maxLength: 12 },
  )
  .map((said) => said.map(({ principal, decision, roles }, index) => says(principal, decision, index + 1, roles)));
const configs = fc
  .record({
    criteria: fc.oneof(
      fc.constantFrom('any' as const, 'all' as const),
      fc.record({ quorum: fc.integer({ min: 1, max: 3 }) }),
    ),
    audience: fc.subarray([...people, 'role:x'], { minLength: 3 }),
  })
  .map(gate);

test('it does not matter in how many wakes the same decisions arrive', () => {
  fc.assert(
    fc.property(configs, signals, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (config, given, cuts) => {
      const whole = wake(config, open(0), { now_ms: 100, signals: given });
      let step = wake(config, open(0), { now_ms: 0 });
      let batch: Signal[] = [];
      for (const [index, signal] of given.entries()) {
        batch.push(signal);
        if (cuts[index] && 'state' in step) {
          step = wake(config, JSON.parse(JSON.stringify(step.state)), { now_ms: 100, signals: batch });
          batch = [];
        }
      }
      if ('state' in step) step = wake(config, step.state, { now_ms: 100, signals: batch });
      assert.equal(step, whole);
    }),
    { numRuns: 1000 },
  );
});

test('an approved quorum has that many different people who were asked, and none decides twice', () => {
  fc.assert(
    fc.property(configs, signals, (config, given) => {
      const step = wake(config, open(0), { now_ms: 100, signals: given });
      const decided = 'verdict' in step ? step.verdict.decisions : step.state.votes;
      assert.is(new Set(decided.map((vote) => vote.principal)).size, decided.length);
      assert.ok(decided.every((vote) => isAsked(config, vote)));
      if (!('verdict' in step) || step.verdict.decision === 'reject' || typeof config.criteria === 'string') return;
      assert.ok(new Set(step.verdict.decided_by).size >= config.criteria.quorum);
    }),
    { numRuns: 1000 },
  );
});
