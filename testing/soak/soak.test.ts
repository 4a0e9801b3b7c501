import { assert, suite } from '../suite.ts';
import { HAS_PROC } from './processes.ts';
import { reportText } from './report.ts';
import { soak } from './soak.ts';

const test = suite('soak, short form');

const NAME = 'a minute of mixed load loses no step and leaves no zombie, no orphan, no file and no row behind';

// What a minute cannot show is a slow leak: `npm run soak` takes twenty for that.
if (HAS_PROC) {
  test(NAME, async () => {
    const report = await soak({ minutes: 0.6, seed: 1 });
    assert.equal(report.problems, [], reportText(report));
    const submitted = (...kinds: readonly string[]) =>
      kinds.reduce((sum, kind) => sum + (report.kinds[kind]?.settled ?? 0), 0);
    assert.ok(submitted('chain', 'fan', 'branch', 'batch', 'gated_batch', 'gate') > 0, reportText(report));
    assert.ok(submitted('loop', 'hoard', 'throw', 'huge', 'target') > 0, reportText(report));
    assert.ok(report.cells_killed > 0 && report.effects > 0, reportText(report));
  });
} else {
  test.skip(NAME, `it reads /proc, which ${process.platform} has not`);
}
