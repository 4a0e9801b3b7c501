import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openComponentStore } from '../../host/sandbox/component_store.ts';
import { believe } from '../../host/sandbox/fixtures/runs.ts';
import { assert, suite } from '../suite.ts';
import { componentTarget } from './components.ts';
import { fuzz } from './fuzzer.ts';
import { brokerTarget, cellTarget } from './messages.ts';

const test = suite('fuzz');

const directory = mkdtempSync(join(tmpdir(), 'weft-fuzz-'));
test.after(() => rmSync(directory, { recursive: true }));

const sum = (tally: Readonly<Record<string, number>>) => Object.values(tally).reduce((a, b) => a + b, 0);

test('500 mutated components break no rule', async () => {
  const store = await openComponentStore({
    cacheDirectory: directory,
    component_bytes_max: 1024 * 1024,
    memory_bytes_max: 64 * 1024 * 1024,
    describe_ms_max: 2_000,
    validateCapability: believe,
  });
  const tally = await fuzz(await componentTarget(store, 50), 1, 500);
  assert.is(sum(tally), 500);
  // Neither all refused nor all accepted: both would try nothing.
  assert.ok((tally['accepted'] ?? 0) > 20 && (tally['refused: malformed'] ?? 0) > 20, JSON.stringify(tally));
});

test('10,000 mutated messages break no rule, in either direction', async () => {
  const [fromCell, toCell] = [await fuzz(cellTarget(), 1, 10_000), await fuzz(brokerTarget(), 1, 10_000)];
  assert.equal([sum(fromCell), sum(toCell)], [10_000, 10_000]);
  assert.ok((fromCell['complete'] ?? 0) > 50 && (toCell['performed'] ?? 0) > 500, JSON.stringify([fromCell, toCell]));
});

test('a failure names its seed and leaves the least input that fails', async () => {
  const target = {
    name: 'fixture',
    inputs: [Buffer.from('aaaaaaaaaaaaaaaa')],
    check(input: Buffer) {
      if (input.includes(0xff)) throw new Error('it holds ff');
      return 'fine';
    },
  };
  const error: Error = await fuzz(target, 1, 10_000).then(
    () => assert.unreachable('nothing failed'),
    (reason) => reason,
  );
  const [, seed, file] = /seed (\d+): Error: it holds ff; the reduced input is (.*)$/.exec(error.message) ?? [];
  assert.ok(readFileSync(file!).includes(0xff));
  const again: Error = await fuzz(target, Number(seed), 1).catch((reason) => reason);
  assert.is(again.message, error.message);
  rmSync(file!);
});
