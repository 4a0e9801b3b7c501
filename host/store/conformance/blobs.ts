import assert from 'node:assert/strict';
import { sha256 } from '../../digest.ts';
import type { HeldBlob, Store } from '../port.ts';
import { type DeclareWithStore, refused } from './fixture.ts';
import { commitOf, dispatchOf } from './rows.ts';

/** Past every grace. */
const LATER = 10_000;

function blobOf(text: string, holder = ''): HeldBlob {
  const data = Buffer.from(text);
  return { digest: sha256(data), data, holder };
}

async function textOf(store: Store, text: string): Promise<string | undefined> {
  const data = await store.readBlob(blobOf(text).digest);
  return data === undefined ? undefined : Buffer.from(data).toString();
}

/** How many are removed. */
async function collected(store: Store, before = LATER): Promise<number> {
  return (await store.collectBlobs(before, 100)).blobs;
}

/** What becomes of large values. */
export function blobBehaviours(test: DeclareWithStore): void {
  test('a large value is read as it was committed, also after the store was closed', async (store, fixture) => {
    const text = 'ünïcode'.repeat(100_000);
    await store.commit(commitOf('t1', 0, { blobs: [blobOf(text)] }));
    assert.equal(await textOf(store, text), text);
    await store.close();
    const again = await fixture.open();
    assert.equal(await textOf(again, text), text);
    assert.equal(await textOf(again, 'another'), undefined);
    await again.close();
  });

  test('the same content is kept once, and for as long as one task refers to it', async (store) => {
    await store.commit(commitOf('t1', 0, { dispatched: [dispatchOf('t1', 'a', 1)], blobs: [blobOf('x', 'a')] }));
    await store.commit(commitOf('t2', 0, { dispatched: [dispatchOf('t2', 'a', 1)], blobs: [blobOf('x', 'a')] }));
    await store.commit(commitOf('t1', 1, { undispatched: ['a'] }));
    assert.equal(await collected(store), 0);
    await store.commit(commitOf('t2', 1, { undispatched: ['a'] }));
    assert.deepEqual(await store.collectBlobs(LATER, 100), { blobs: 1, bytes: 1 });
    assert.equal(await textOf(store, 'x'), undefined);
  });

  test('what the journal refers to stays, whatever becomes of the dispatches', async (store) => {
    const held = [blobOf('x'), blobOf('x'), blobOf('x', 'a')];
    await store.commit(commitOf('t1', 0, { dispatched: [dispatchOf('t1', 'a', 1)], blobs: held }));
    await store.commit(commitOf('t1', 1, { undispatched: ['a'] }));
    assert.equal(await collected(store), 0);
    assert.equal(await textOf(store, 'x'), 'x');
  });

  test('a dispatch that takes the place of another lets go of what that one referred to', async (store) => {
    const [first, second] = [1, 2].map((at) => dispatchOf('t1', 'a', at));
    await store.commit(commitOf('t1', 0, { dispatched: [first!], blobs: [blobOf('old', 'a'), blobOf('both', 'a')] }));
    await store.commit(commitOf('t1', 1, { dispatched: [second!], blobs: [blobOf('new', 'a'), blobOf('both', 'a')] }));
    assert.equal(await collected(store), 1);
    assert.deepEqual(await Promise.all(['old', 'new', 'both'].map((text) => textOf(store, text))), [
      undefined,
      'new',
      'both',
    ]);
    await store.commit(commitOf('t1', 2, { undispatched: ['a'], dispatched: [second!], blobs: [blobOf('new', 'a')] }));
    assert.equal(await collected(store), 1);
    assert.equal(await textOf(store, 'new'), 'new');
  });

  test('a step of another task with the same id lets go of nothing', async (store) => {
    await store.commit(commitOf('t1', 0, { dispatched: [dispatchOf('t1', 'a', 1)], blobs: [blobOf('x', 'a')] }));
    await store.commit(commitOf('t2', 0, { dispatched: [dispatchOf('t2', 'a', 1)] }));
    await store.commit(commitOf('t2', 1, { undispatched: ['a'] }));
    assert.equal(await collected(store), 0);
  });

  test('a commit that is refused leaves no large value', async (store) => {
    await store.commit(commitOf('t1', 0));
    await refused(store.commit(commitOf('t1', 0, { blobs: [blobOf('x')] })), 'store_conflict');
    assert.equal(await textOf(store, 'x'), undefined);
  });

  test('one that was put and that nobody refers to yet stays until its grace is over', async (store, fixture) => {
    await store.putBlob(blobOf('x'), 1_000);
    assert.equal(await collected(store, 1_000), 0);
    // The process that was to refer to it ends here.
    await store.close();
    const again = await fixture.open();
    assert.equal(await textOf(again, 'x'), 'x');
    assert.equal(await collected(again, 1_001), 1);
    await again.close();
  });

  test('one that is put again has its grace anew, whether or not somebody refers to it meanwhile', async (store) => {
    await store.putBlob(blobOf('x'), 1_000);
    await store.putBlob(blobOf('x'), 3_000);
    await store.putBlob(blobOf('x'), 2_000);
    assert.equal(await collected(store, 3_000), 0);
    await store.commit(commitOf('t1', 0, { dispatched: [dispatchOf('t1', 'a', 1)], blobs: [blobOf('y', 'a')] }));
    await store.putBlob(blobOf('y'), 5_000);
    await store.commit(commitOf('t1', 1, { undispatched: ['a'] }));
    assert.equal(await collected(store, 5_000), 1, 'only x');
    assert.equal(await textOf(store, 'y'), 'y');
    assert.equal(await collected(store, 5_001), 1);
  });

  test('one that was put and then referred to is kept without a grace', async (store) => {
    await store.putBlob(blobOf('x'), 1_000);
    await store.commit(commitOf('t1', 0, { blobs: [blobOf('x')] }));
    assert.equal(await collected(store), 0);
  });

  test('one whose last reference went can be referred to again, collected meanwhile or not', async (store) => {
    const held = { dispatched: [dispatchOf('t1', 'a', 1)], blobs: [blobOf('x', 'a')] };
    await store.commit(commitOf('t1', 0, held));
    await store.commit(commitOf('t1', 1, { undispatched: ['a'] }));
    await store.commit(commitOf('t1', 2, held));
    assert.equal(await collected(store), 0);
    await store.commit(commitOf('t1', 3, { undispatched: ['a'] }));
    assert.equal(await collected(store), 1);
    await store.commit(commitOf('t1', 4, { blobs: [blobOf('x')] }));
    assert.equal(await collected(store), 0);
    assert.equal(await textOf(store, 'x'), 'x');
  });

  test('no more are removed at a time than are asked for', async (store) => {
    for (const text of ['a', 'b', 'c']) await store.putBlob(blobOf(text), 1);
    assert.deepEqual(await store.collectBlobs(LATER, 2), { blobs: 2, bytes: 2 });
    assert.deepEqual(await store.collectBlobs(LATER, 2), { blobs: 1, bytes: 1 });
  });
}
