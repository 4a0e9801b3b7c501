import { assert, suite } from '../../testing/suite.ts';
import type { Cell } from './cell.ts';
import { createWear } from './wear.ts';

const test = suite('wear');

/** How many runs a cell of this process id is good for. */
function runsOf(pid: number, limits: Parameters<typeof createWear>[0]): number {
  const cell = { pid } as Cell;
  const wear = createWear(limits);
  for (let runs = 1; runs <= 1_000; runs++) if (wear.ran(cell)) return runs;
  return Number.POSITIVE_INFINITY;
}

const ENDLESS = { runs_max: 10_000, resident_bytes_max: Number.MAX_SAFE_INTEGER };

test('a cell is worn after its last run, and stays so', () => {
  assert.is(runsOf(process.pid, { ...ENDLESS, runs_max: 5 }), 5);
  assert.is(runsOf(process.pid, ENDLESS), Number.POSITIVE_INFINITY);
  const cell = { pid: process.pid } as Cell;
  const wear = createWear({ ...ENDLESS, runs_max: 2 });
  assert.equal([wear.ran(cell), wear.ran(cell), wear.ran(cell)], [false, true, true]);
  assert.is(wear.ran({ pid: process.pid } as Cell), false, 'each cell counts for itself');
});

test('a cell is worn once it has grown too large, where the system tells', () => {
  const runs = runsOf(process.pid, { ...ENDLESS, resident_bytes_max: 1 });
  if (process.platform === 'linux') assert.ok(runs < 100, `${runs} runs`);
  assert.is(runsOf(2 ** 30, { ...ENDLESS, resident_bytes_max: 1 }), Number.POSITIVE_INFINITY, 'a process that is gone');
});
