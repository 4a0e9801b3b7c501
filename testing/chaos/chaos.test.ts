import { assert, suite } from '../suite.ts';
import { chaos, chaosOfOne } from './chaos.ts';
import { shortCrashes } from './crash_points.ts';

const test = suite('chaos, short form');

test('tasks survive SIGKILL at every named point, in every phase of a batch, and at random moments', async () => {
  const crashes = shortCrashes(1);
  const report = await chaos({ tasks: 36, kills: 1, crashes, seed: 1 });
  assert.is(report.tasks, 36);
  assert.is(report.kills, 1 + crashes.length);
  assert.ok(report.effects > 0 && report.kills_at_point > 0);
});

test('a fan-out loses and doubles nothing when the process dies while it is made, run and aggregated', async () => {
  const report = await chaosOfOne({ workers: 40, kills: 0, seed: 1, short: true });
  assert.is(report.effects, 41);
  assert.equal([report.kills, report.kills_at_point], [4, 4]);
});
