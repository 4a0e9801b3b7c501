import fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { retryAfterMs } from './retry_after.ts';

const test = suite('Retry-After');
const NOW = Date.UTC(2025, 10, 22, 12, 0, 0);
const wait = (field: string) => retryAfterMs(field, () => NOW);

test('seconds need no clock', () => {
  const noClock = () => {
    throw new Error('the clock was read');
  };
  assert.is(retryAfterMs('120', noClock), 120_000);
  assert.is(retryAfterMs(' 0 ', noClock), 0);
});

test('a date in each of the three forms is the time until then', () => {
  assert.is(wait('Sat, 22 Nov 2025 12:01:30 GMT'), 90_000);
  assert.is(wait('Saturday, 22-Nov-25 12:01:30 GMT'), 90_000);
  assert.is(wait('Sat Nov 22 12:01:30 2025'), 90_000);
  assert.is(wait('Mon Dec  1 12:00:00 2025'), 9 * 86_400_000);
});

test('a date that has passed asks for no wait', () => {
  assert.is(wait('Sat, 22 Nov 2025 11:59:59 GMT'), 0);
  assert.is(wait('Sunday, 06-Nov-94 08:49:37 GMT'), 0);
});

test('anything else says nothing', () => {
  for (const field of ['', 'soon', '-1', '1.5', '2025-11-22T12:00:00Z', 'Sat, 22 Foo 2025 12:01:30 GMT']) {
    assert.is(wait(field), undefined, field);
  }
});

test('every date that JavaScript writes is understood', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000_000 }), (seconds) => {
      assert.is(wait(new Date(NOW + seconds * 1000).toUTCString()), seconds * 1000);
    }),
  );
});
