import { turns } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { VirtualClock } from '../template_test/virtual_clock.ts';
import { BLOB_GRACE_MS, BlobCollector, COLLECT_EVERY_MS } from './collector.ts';

const test = suite('blob collector');

/** A store with so much to collect, or one that does not answer. */
function storeOf(blobs: number) {
  const asked: number[] = [];
  const store = {
    blobs,
    fails: false,
    async collectBlobs(before: number, limit: number) {
      asked.push(before);
      if (store.fails) throw new Error('it does not answer');
      const removed = Math.min(limit, store.blobs);
      store.blobs -= removed;
      return { blobs: removed, bytes: removed };
    },
  };
  return { store, asked };
}

async function opened(
  store: ReturnType<typeof storeOf>['store'],
  use: (clock: VirtualClock, lines: unknown[]) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock(BLOB_GRACE_MS);
  const lines: unknown[] = [];
  const logger = { debug: (line: unknown) => lines.push(line), warn: () => lines.push('warning') };
  const collector = new BlobCollector({ store, clock, logger: logger as never });
  collector.start();
  await turns();
  await use(clock, lines);
  await collector.close();
  assert.is(clock.nextAt(), undefined);
}

test('collects all there is at the start, then again and again, each time what is past its grace', async () => {
  const { store, asked } = storeOf(150);
  await opened(store, async (clock, lines) => {
    assert.equal([store.blobs, new Set(asked)], [0, new Set([0])]);
    assert.equal(lines, [{ blobs: 150, bytes: 150 }]);
    asked.length = 0;
    store.blobs = 1;
    clock.advanceTo(BLOB_GRACE_MS + COLLECT_EVERY_MS - 1);
    await turns();
    assert.equal(asked, []);
    clock.advanceTo(BLOB_GRACE_MS + COLLECT_EVERY_MS);
    await turns();
    assert.equal([store.blobs, asked], [0, [COLLECT_EVERY_MS]]);
  });
});

test('a store that does not answer is asked again later', async () => {
  const { store } = storeOf(1);
  store.fails = true;
  await opened(store, async (clock, lines) => {
    assert.equal(lines, ['warning']);
    store.fails = false;
    clock.advanceTo(clock.nextAt()!);
    await turns();
    assert.is(store.blobs, 0);
  });
});
