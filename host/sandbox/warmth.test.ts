import { assert, suite } from '../../testing/suite.ts';
import type { Cell } from './cell.ts';
import type { OrderEnd } from './cell_link.ts';
import { CONFINEMENT, silent } from './fixtures/runs.ts';
import { createWarmth } from './warmth.ts';

const test = suite('warmth');

const MEASURE = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };

/** A cell that notes what it is asked to describe, and whether it was killed. */
function cellThat(end: OrderEnd) {
  const described: string[] = [];
  const state = { killed: false };
  const cell: Cell = {
    pid: 1,
    ready: Promise.resolve(true),
    exited: new Promise(() => undefined),
    get isAlive() {
      return !state.killed;
    },
    async perform({ directory }) {
      described.push(directory);
      return { end, measure: MEASURE };
    },
    kill() {
      state.killed = true;
    },
  };
  return { cell, described, state };
}

const willing = () => cellThat({ kind: 'returned', value: '{}' });
const digests = ['a', 'b', 'c'];
const components = { locate: (digest: string) => `/cache/${digest}`, digests: () => digests };
const idle = () => true;

test('a new cell describes what ran last first, then the rest', async () => {
  const warmth = createWarmth(components, CONFINEMENT.memory_bytes_max, silent);
  const earlier = willing();
  for (const digest of ['b', 'c', 'b']) warmth.add(earlier.cell, digest);
  assert.equal(
    ['a', 'b', 'c'].map((digest) => warmth.has(earlier.cell, digest)),
    [false, true, true],
  );

  const { cell, described } = willing();
  assert.is(warmth.has(cell, 'b'), false);
  await warmth.warm(cell, idle);
  assert.equal(described, ['/cache/b', '/cache/c', '/cache/a']);
  assert.is(warmth.has(cell, 'a'), true);
});

test('stops as soon as there is work, and goes on from there', async () => {
  const warmth = createWarmth(components, CONFINEMENT.memory_bytes_max, silent);
  const { cell, described } = willing();
  await warmth.warm(cell, () => described.length < 2);
  assert.equal(described, ['/cache/c', '/cache/b']);
  assert.is(warmth.isWarm(cell), false);
  await warmth.warm(cell, idle);
  assert.equal(described, ['/cache/c', '/cache/b', '/cache/a']);
  assert.is(warmth.isWarm(cell), true);
});

test('does without a component that was discarded', async () => {
  const gone = new Set(['b']);
  const locate = (digest: string) => (gone.has(digest) ? undefined : `/cache/${digest}`);
  const warmth = createWarmth({ locate, digests: () => ['a'] }, CONFINEMENT.memory_bytes_max, silent);
  warmth.add(willing().cell, 'b');
  const { cell, described } = willing();
  await warmth.warm(cell, idle);
  assert.equal(described, ['/cache/a']);
  assert.is(warmth.isWarm(cell), true);
});

test('rehearses a component that was loaded later', async () => {
  const loaded = ['a'];
  const warmth = createWarmth({ ...components, digests: () => loaded }, CONFINEMENT.memory_bytes_max, silent);
  const { cell, described } = willing();
  await warmth.warm(cell, idle);
  assert.is(warmth.isWarm(cell), true);
  loaded.push('b');
  assert.is(warmth.isWarm(cell), false);
  await warmth.warm(cell, idle);
  assert.equal(described, ['/cache/a', '/cache/b']);
});

test('a component that kills its cell is left cold from then on', async () => {
  const warmth = createWarmth(components, CONFINEMENT.memory_bytes_max, silent);
  const first = cellThat({ kind: 'trapped', message: 'at describe' });
  await warmth.warm(first.cell, idle);
  assert.equal([first.described, first.state.killed], [['/cache/c'], true]);

  const second = willing();
  await warmth.warm(second.cell, idle);
  assert.equal([second.described, second.state.killed], [['/cache/b', '/cache/a'], false]);
});
