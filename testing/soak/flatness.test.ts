import { assert, suite } from '../suite.ts';
import { flatness, median } from './flatness.ts';

const test = suite('soak: what is flat');

const MB = 1024 * 1024;
const ALLOWED = { absolute: 64 * MB, share: 0.15 };
const series = (at: (i: number) => number) => Array.from({ length: 100 }, (_, i) => at(i) * MB);

test('a leak is not flat, however steadily it grows', () => {
  assert.is(
    flatness(
      series((i) => 100 + i * 2),
      ALLOWED,
    ).flat,
    false,
  );
  assert.is(
    flatness(
      series((i) => 1_000 + i * 5),
      ALLOWED,
    ).flat,
    false,
  );
});

test('warming up, a saw and a single peak are flat', () => {
  assert.is(
    flatness(
      series((i) => 200 * (1 - 0.8 ** i)),
      ALLOWED,
    ).flat,
    true,
  );
  assert.is(
    flatness(
      series((i) => 200 + (i % 10) * 30),
      ALLOWED,
    ).flat,
    true,
  );
  assert.is(
    flatness(
      series((i) => (i === 95 ? 2_000 : 200)),
      ALLOWED,
    ).flat,
    true,
  );
});

test('the larger of both allowances holds', () => {
  const grown = series((i) => (i < 60 ? 1_000 : 1_140));
  assert.is(flatness(grown, ALLOWED).flat, true);
  assert.is(flatness(grown, { ...ALLOWED, share: 0.1 }).flat, false);
});

test('nothing is flat of which too little is known', () => {
  assert.is(flatness([1, 1, 1, 1, 1], ALLOWED).flat, false);
  assert.is(flatness([], ALLOWED).flat, false);
  assert.is(median([3, 1, 2, 10]), 2.5);
});
