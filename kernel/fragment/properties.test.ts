import { fuzzContext, fuzzFragments } from '../../testing/fuzz/fragments.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('fragments: properties');

test('5,000 mutated fragments: an answer for each, and what is accepted ends', () => {
  const { accepted, refused } = fuzzFragments(fuzzContext(), 1, 5_000);
  // Neither all refused nor all accepted: both would try nothing.
  assert.ok(accepted > 500 && refused > 500, `${accepted} accepted, ${refused} refused`);
});
