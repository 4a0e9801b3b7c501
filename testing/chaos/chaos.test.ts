import { assert, suite } from '../suite.ts';
import { CRASH_POINTS, chaos } from './chaos.ts';

const test = suite('chaos, short form');

test('tasks survive SIGKILL at every named point and at random moments', async () => {
  const report = await chaos({ tasks: 40, kills: 5, seed: 1 });
  assert.is(report.tasks, 40);
  assert.is(report.kills, 5 + CRASH_POINTS.length);
  assert.ok(report.effects > 0);
});
