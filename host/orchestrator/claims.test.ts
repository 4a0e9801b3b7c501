import { assert, suite } from '../../testing/suite.ts';
import { Claims } from './claims.ts';

const test = suite('claims');

const first = { step_id: 's', attempt: 1, activation: 0 };
const second = { step_id: 's', attempt: 2, activation: 0 };
const claimOf = (fence: typeof first) => ({ task_id: 't', ...fence, broker: 'b1', claimed_at: 5 });

test('a claim is remembered while its dispatch waits for an answer, and no longer', () => {
  const claims = new Claims();
  claims.claimed(claimOf(first));
  assert.is(claims.of(first), undefined, 'nothing was dispatched');
  claims.dispatched(first);
  assert.is(claims.of(first), undefined);
  claims.claimed(claimOf(first));
  assert.equal(claims.of(first), { broker: 'b1', since: 5 });
  claims.answered('s');
  claims.claimed(claimOf(first));
  assert.is(claims.of(first), undefined, 'it came late');
});

test('a claim of an earlier attempt says nothing about the present one', () => {
  const claims = new Claims();
  claims.dispatched(first);
  claims.claimed(claimOf(first));
  claims.dispatched(second);
  claims.claimed(claimOf(first));
  assert.equal(
    [claims.of(first), claims.of(second), claims.waits(first), claims.waits(second)],
    [undefined, undefined, false, true],
  );
});
