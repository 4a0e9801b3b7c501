/** `npm run fuzz -- [--seed N] [--count N]`: mutated components and messages; a failure names its seed and a file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openComponentStore } from '../../host/sandbox/component_store.ts';
import type { Capability } from '../../kernel/capability/types.ts';
import { componentTarget } from './components.ts';
import { fuzz } from './fuzzer.ts';
import { brokerTarget, cellTarget } from './messages.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    count: { type: 'string', default: '10000' },
  },
});
const [seed, count] = [Number(values.seed), Number(values.count)];
/** Of the components that are accepted, one in so many is loaded: each takes two processes. */
const LOADED_ONE_IN = 100;

const directory = await mkdtemp(join(tmpdir(), 'weft-fuzz-'));
try {
  const store = await openComponentStore({
    cacheDirectory: directory,
    component_bytes_max: 1024 * 1024,
    memory_bytes_max: 64 * 1024 * 1024,
    describe_ms_max: 2_000,
    validateCapability: (value) => value as unknown as Capability,
  });
  for (const target of [await componentTarget(store, LOADED_ONE_IN), cellTarget(), brokerTarget()]) {
    process.stdout.write(`${target.name}: ${count} inputs from seed ${seed}\n`);
    const tally = await fuzz(target, seed, count);
    for (const [became, many] of Object.entries(tally).sort()) process.stdout.write(`  ${became.padEnd(24)} ${many}\n`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
