import { assert, suite } from '../../testing/suite.ts';
import { createPacer } from './pacer.ts';

const test = suite('pacer');

function manual() {
  let now = 0;
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    now += ms;
  };
  return { clock: { now: () => now, sleep }, slept, pass: (ms: number) => (now += ms), at: () => now };
}

test('the calls of the first second may come at once, all others at the rate', async () => {
  const time = manual();
  const pace = createPacer(10, undefined, time.clock);
  for (let call = 0; call < 10; call += 1) await pace();
  assert.is(time.at(), 0);
  for (let call = 0; call < 20; call += 1) await pace();
  assert.equal(time.slept, Array(20).fill(100));
});

test('calls together wait one behind the other', async () => {
  const time = manual();
  const pace = createPacer(1, undefined, { ...time.clock, sleep: async (ms) => void time.slept.push(ms) });
  await Promise.all([pace(), pace(), pace()]);
  assert.equal(time.slept, [1_000, 2_000]);
});

test('a pause gives back no more than a second', async () => {
  const time = manual();
  const pace = createPacer(5, undefined, time.clock);
  time.pass(3_600_000);
  for (let call = 0; call < 6; call += 1) await pace();
  assert.equal(time.slept, [200]);
});

test('the end of the run ends the wait', async () => {
  const run = new AbortController();
  const pace = createPacer(1, run.signal);
  for (let call = 0; call < 1; call += 1) await pace();
  const waiting = Promise.all(Array.from({ length: 3_600 }, pace));
  run.abort();
  await waiting;
});
