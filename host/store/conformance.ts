import { blobBehaviours } from './conformance/blobs.ts';
import { commitBehaviours } from './conformance/commits.ts';
import { crashBehaviours } from './conformance/crash.ts';
import { deadLetterBehaviours } from './conformance/dead_letters.ts';
import type { Declare, DeclareWithStore, StoreFixture } from './conformance/fixture.ts';
import { listingBehaviours } from './conformance/listings.ts';
import { removalBehaviours } from './conformance/removal.ts';

/**
 * The behaviours that any store has. `fresh` makes empty storage.
 *
 * @example
 * storeConformance(suite('sqlite store'), async () => ({ open, elsewhere, dispose }));
 */
export function storeConformance(declare: Declare, fresh: () => Promise<StoreFixture>): void {
  const test: DeclareWithStore = (name, run) =>
    declare(name, async () => {
      const fixture = await fresh();
      const store = await fixture.open();
      try {
        await run(store, fixture);
      } finally {
        await store.close();
        await fixture.dispose();
      }
    });
  commitBehaviours(test);
  listingBehaviours(test);
  deadLetterBehaviours(test);
  removalBehaviours(test);
  blobBehaviours(test);
  crashBehaviours(test);
}
