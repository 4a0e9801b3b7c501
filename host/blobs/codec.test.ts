import fc from 'fast-check';
import type { Json } from '../../kernel/json.ts';
import { fold } from '../../kernel/task/apply.ts';
import type { JournalEntry, TaskEvent } from '../../kernel/task/events.ts';
import { snapshot } from '../../testing/simulator/invariants.ts';
import { runWorld } from '../../testing/simulator/simulate.ts';
import { assert, suite } from '../../testing/suite.ts';
import { refused } from '../store/conformance/fixture.ts';
import { BlobCodec } from './codec.ts';
import { inflateJournal } from './inflate.ts';
import type { Blob, BlobSource } from './port.ts';

const test = suite('large values apart');

const THRESHOLD = 200;

const completed = (result: Json): TaskEvent => ({
  kind: 'step_completed',
  step_id: 't.0',
  at: 1,
  attempt: 1,
  activation: 0,
  result,
});

function source(blobs: readonly Blob[]): BlobSource {
  return { readBlob: async (digest) => blobs.find((blob) => blob.digest === digest)?.data };
}

async function thereAndBack(results: readonly Json[], threshold = THRESHOLD): Promise<void> {
  const events = results.map(completed);
  const { value, blobs } = new BlobCodec(threshold).events(events);
  const journaled = JSON.parse(JSON.stringify(value)) as TaskEvent[];
  const { value: entries } = await inflateJournal('t', [{ version: 1, seq: 1, events: journaled }], source(blobs));
  // As texts: the order of keys is kept as well.
  assert.is(JSON.stringify(entries[0]!.events), JSON.stringify(events));
}

const values: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.string({ minLength: THRESHOLD - 10, maxLength: THRESHOLD + 10 }),
  fc.string({ unit: 'binary', maxLength: THRESHOLD }),
  fc.record({ $blob: fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json> }),
);

test('whatever values are, they come back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(values, { maxLength: 4 }), fc.constantFrom(1, 50, THRESHOLD), thereAndBack),
    { numRuns: 200 },
  );
});

test('exactly the values with more bytes than the threshold leave, however they are written', () => {
  fc.assert(
    fc.property(values, (value) => {
      const { blobs } = new BlobCodec(THRESHOLD).events([completed(value)]);
      const bytes = Buffer.byteLength(JSON.stringify(value));
      const isForged = typeof value === 'object' && value !== null && Object.hasOwn(value, '$blob');
      assert.is(blobs.length, isForged || bytes > THRESHOLD ? 1 : 0, `${bytes} bytes`);
    }),
    { numRuns: 200 },
  );
});

test('what looks like a reference to another value is not one', async () => {
  const secret = new BlobCodec(THRESHOLD).events([completed('s'.repeat(THRESHOLD))]);
  const stolen = secret.value[0]!.kind === 'step_completed' ? secret.value[0]!.result : null;
  const own = new BlobCodec(THRESHOLD).events([completed(stolen)]);
  const both = source([...secret.blobs, ...own.blobs]);
  const { value } = await inflateJournal('t', [{ version: 1, seq: 1, events: own.value }], both);
  assert.equal(value[0]!.events, [completed(stolen)]);
});

test('the same value is one blob, whoever has it', () => {
  const large = 'x'.repeat(THRESHOLD);
  assert.is(new BlobCodec(THRESHOLD).events([completed(large), completed(large)]).blobs.length, 1);
});

test('a reference without a digest in a journal is damage', async () => {
  const entries = [{ version: 1, seq: 1, events: [completed({ $blob: 'x' })] }] as const;
  const error = await refused(inflateJournal('t7', entries, source([])), 'store_corrupt');
  assert.match(error.message, '"t7"');
});

test('a simulated journal with its values apart folds to the state that it folds to without', async () => {
  // So low that next to every value is a large one.
  const codec = new BlobCodec(4);
  let apart = 0;
  for (let seed = 1; seed <= 25; seed++) {
    const { journal, state } = runWorld(seed).world;
    const blobs: Blob[] = [];
    const stored = journal.map((entry): JournalEntry => {
      const { value, blobs: own } = codec.events(entry.events);
      blobs.push(...own);
      return { ...entry, events: value };
    });
    apart += blobs.length;
    const { value } = await inflateJournal('task', stored, source(blobs));
    assert.is(snapshot(fold(state.compiled, value)), snapshot(fold(state.compiled, journal)), `seed ${seed}`);
  }
  assert.ok(apart > 100, `only ${apart} values were apart`);
});
