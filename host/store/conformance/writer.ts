import { randomUUIDv7 } from 'node:crypto';
import type { Store } from '../port.ts';
import { commitOf, dispatchOf, eventOf } from './rows.ts';

/**
 * The process that the conformance suite kills: opens a store with `export(options)` of a module, commits without end
 * and prints `<task> <seq>` for each commit that was acknowledged.
 */
const [module, name, options] = process.argv.slice(2) as [string, string, string];
const { [name]: open } = (await import(module)) as Record<string, (options: unknown) => Promise<Store>>;
const store = await open!(JSON.parse(options));

async function commitForever(): Promise<void> {
  for (;;) {
    const task_id = randomUUIDv7();
    for (let seq = 0; seq < 20; seq += 2) {
      // Two events, and a dispatch that takes the place of the last: all of it or nothing.
      const row = { ...dispatchOf(task_id, 'step', 1_000), attempt: seq + 2 };
      await store.commit(commitOf(task_id, seq, { events: [eventOf(seq + 1), eventOf(seq + 2)], dispatched: [row] }));
      process.stdout.write(`${task_id} ${seq + 2}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 8 }, commitForever));
