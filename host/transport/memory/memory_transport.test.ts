import { assert, suite } from '../../../testing/suite.ts';
import { inbox, transportConformance } from '../conformance.ts';
import { cancelMessage } from '../messages.ts';
import type { CloudEvent, Delivery } from '../port.ts';
import type { TransportFaults } from './faults.ts';
import { createMemoryTransport } from './memory_transport.ts';

const test = suite('memory transport');

const onError = (error: unknown): void => {
  throw error;
};

transportConformance(test, async () => createMemoryTransport({ onError }));

function message(id: string): CloudEvent {
  return { ...cancelMessage({ task_id: 't1', step_id: 't1.0' }, 0), id };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What arrives of 100 messages. */
async function arrivals(faults: TransportFaults): Promise<string[]> {
  const transport = createMemoryTransport({ onError, faults });
  const ids: string[] = [];
  await transport.consumeSteps(['*'], { prefetch: 1_000 }, (delivery) => {
    ids.push(delivery.message.id);
    delivery.ack();
  });
  for (let i = 0; i < 100; i++) await transport.publishStep('default', message(`m${String(i).padStart(2, '0')}`));
  await turns(20);
  await transport.close();
  return ids;
}

const sent = Array.from({ length: 100 }, (_, i) => `m${String(i).padStart(2, '0')}`);

test('without faults messages of one queue arrive once and in order', async () => {
  assert.equal(await arrivals({ seed: 1 }), sent);
});

test('drops, duplicates and reorders as often as it is told', async () => {
  assert.equal(await arrivals({ drop: 1, seed: 1 }), []);
  assert.equal((await arrivals({ duplicate: 1, seed: 1 })).sort(), [...sent, ...sent].sort());
  const reordered = await arrivals({ reorder: 0.5, seed: 1 });
  assert.not.equal(reordered, sent);
  assert.equal(reordered.toSorted(), sent);
  const dropped = await arrivals({ drop: 0.5, seed: 1 });
  assert.ok(dropped.length > 30 && dropped.length < 70, `${dropped.length} of 100 arrived`);
});

test('a seed gives the same faults again, another seed others', async () => {
  const faults = { drop: 0.2, duplicate: 0.2, reorder: 0.2 };
  assert.equal(await arrivals({ ...faults, seed: 7 }), await arrivals({ ...faults, seed: 7 }));
  assert.not.equal(await arrivals({ ...faults, seed: 7 }), await arrivals({ ...faults, seed: 8 }));
});

test('a long queue does not keep a short one waiting', async () => {
  const transport = createMemoryTransport({ onError });
  for (let i = 0; i < 50; i++) await transport.publishStep('long', message(`l${i}`));
  await transport.publishStep('short', message('s'));
  const got = inbox<Delivery>();
  await transport.consumeSteps(['*'], { prefetch: 2 }, got.put);
  const ids = (await got.take(2)).map(({ message: { id } }) => id);
  assert.ok(ids.includes('s'), ids.join());
  await transport.close();
});

test('a queue of ten thousand is delivered while the rest of the process has its turns', async () => {
  const transport = createMemoryTransport({ onError });
  for (let i = 0; i < 10_000; i++) await transport.publishStep('default', message(`m${i}`));
  let delivered = 0;
  let atFirstTurn: number | undefined;
  setImmediate(() => {
    atFirstTurn = delivered;
  });
  const done = inbox<true>();
  await transport.consumeSteps(['*'], { prefetch: 1 }, (delivery) => {
    assert.is(delivery.message.id, `m${delivered}`);
    delivered++;
    delivery.ack();
    if (delivered === 10_000) done.put(true);
  });
  await done.take(1);
  assert.ok(atFirstTurn! < 10_000, 'all were delivered before anything else ran');
  await transport.close();
});

test('a listener that throws loses its delivery and is heard of', async () => {
  const errors: unknown[] = [];
  const transport = createMemoryTransport({ onError: (error) => errors.push(error) });
  const consumer = await transport.consumeSteps(['default'], { prefetch: 1 }, () => {
    throw new Error('step');
  });
  await transport.onBroadcast(message('c').type, () => {
    throw new Error('broadcast');
  });
  await transport.publishStep('default', message('a'));
  await transport.publishStep('default', message('b'));
  await transport.broadcast(message('c'));
  await turns(2);
  assert.equal(errors.map((error) => (error as Error).message).sort(), ['broadcast', 'step', 'step']);
  await consumer.close();
  await transport.close();
});

test('a consumer closes with nothing in its hands, however often it is asked', async () => {
  const transport = createMemoryTransport({ onError });
  const got = inbox<Delivery>();
  const consumer = await transport.consumeSteps(['default'], { prefetch: 1 }, got.put);
  await transport.publishStep('default', message('a'));
  const [delivery] = await got.take(1);
  const closings = [consumer.close(), consumer.close()];
  delivery!.ack();
  await Promise.all(closings);
  await consumer.close();
  await transport.close();
});
