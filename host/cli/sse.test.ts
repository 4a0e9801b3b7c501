import * as fc from 'fast-check';
import { assert, suite } from '../../testing/suite.ts';
import { parseServerSentEvents, type ServerSentEvent } from './sse.ts';

const test = suite('server-sent events');

async function parse(...chunks: readonly (string | Uint8Array)[]): Promise<readonly ServerSentEvent[]> {
  const encoder = new TextEncoder();
  async function* bytes() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
  }
  return Array.fromAsync(parseServerSentEvents(bytes()));
}

test('reads id, event and data; comments and unfinished events are nothing', async () => {
  const stream = ':\n\nid: 7\nevent: step_completed\ndata: {"a":1}\n\n:\n\ndata: x\ndata: y\n\nid: 8\ndata: unfinished';
  assert.equal(await parse(stream), [
    { event: 'step_completed', id: '7', data: '{"a":1}' },
    { event: 'message', id: undefined, data: 'x\ny' },
  ]);
});

test('it does not matter where the bytes are cut', async () => {
  const stream = new TextEncoder().encode('id: 1\ndata: "héllo → wörld"\n\n:\n\nid: 2\ndata: {}\n\n');
  const whole = await parse(stream);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 5 }), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = places.slice(1).map((end, index) => stream.subarray(places[index]!, end));
      assert.equal(await parse(...chunks), whole);
    }),
    { numRuns: 200 },
  );
});
