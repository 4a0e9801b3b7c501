import assert from 'node:assert/strict';
import type { WeftError } from '../../kernel/errors.ts';
import { CANCEL, CLAIM, cancelMessage } from './messages.ts';
import type { CloudEvent, Delivery, Transport } from './port.ts';

/**
 * The behaviours that any transport has when it loses nothing. `fresh` makes one that nobody used.
 *
 * @example
 * transportConformance(suite('memory transport'), async () => createMemoryTransport({ onError }));
 */
export function transportConformance(
  declare: (name: string, run: () => Promise<void>) => void,
  fresh: () => Promise<Transport>,
): void {
  const test = (name: string, run: (transport: Transport) => Promise<void>): void =>
    declare(name, async () => {
      const transport = await fresh();
      try {
        await run(transport);
      } finally {
        await transport.close();
      }
    });

  test('a step waits for its consumer', async (transport) => {
    await transport.publishStep('default', message('early'));
    const got = inbox<Delivery>();
    await transport.consumeSteps(['default'], { prefetch: 10 }, got.put);
    await transport.publishStep('default', message('late'));
    const deliveries = await got.take(2);
    assert.deepEqual(idsOf(deliveries), ['early', 'late']);
    assert.ok(deliveries.every(({ redelivered }) => !redelivered));
    for (const delivery of deliveries) delivery.ack();
  });

  test('a message arrives as it was when it was published, and is nobody else’s', async (transport) => {
    const sent = { ...message('a'), data: { list: ['one', 'ü🦉\u2028'], nested: { nothing: null } } };
    const wanted = structuredClone(sent);
    const got = inbox<Delivery>();
    await transport.consumeSteps(['default'], { prefetch: 10 }, got.put);
    const published = transport.publishStep('default', sent);
    sent.data.list.push('changed after it was published');
    await published;
    const [delivery] = await got.take(1);
    assert.deepEqual(delivery!.message, wanted);
    delivery!.ack();
  });

  test('namespaces are apart, and `*` is all of them, also those to come', async (transport) => {
    const billing = inbox<Delivery>();
    const consumer = await transport.consumeSteps(['billing', 'unused'], { prefetch: 10 }, billing.put);
    await transport.publishStep('default', message('d1'));
    await transport.publishStep('billing', message('b1'));
    const [first] = await billing.take(1);
    assert.equal(first!.message.id, 'b1');
    first!.ack();
    await consumer.close();

    const all = inbox<Delivery>();
    await transport.consumeSteps(['*'], { prefetch: 10 }, all.put);
    await transport.publishStep('billing', message('b2'));
    await transport.publishStep('never-seen-before', message('n1'));
    const rest = await all.take(3);
    assert.deepEqual(idsOf(rest), ['b2', 'd1', 'n1']);
    for (const delivery of rest) delivery.ack();
    assert.equal(billing.size, 0);
  });

  test('consumers share the work, and nobody has more in hand than its prefetch', async (transport) => {
    const total = 300;
    const seen: string[] = [];
    const done = inbox<string>();
    const consumers = [1, 4].map((prefetch) => ({ prefetch, inHand: 0, most: 0, got: 0 }));
    for (const consumer of consumers) {
      await transport.consumeSteps(['*'], { prefetch: consumer.prefetch }, (delivery) => {
        consumer.inHand++;
        consumer.got++;
        consumer.most = Math.max(consumer.most, consumer.inHand);
        setImmediate(() => {
          seen.push(delivery.message.id);
          consumer.inHand--;
          delivery.ack();
          done.put(delivery.message.id);
        });
      });
    }
    const ids = Array.from({ length: total }, (_, i) => `m${String(i).padStart(3, '0')}`);
    await Promise.all(ids.map((id, i) => transport.publishStep(`n${i % 3}`, message(id))));
    await done.take(total);
    assert.deepEqual(seen.toSorted(), ids);
    assert.deepEqual(
      consumers.map(({ most }) => most),
      [1, 4],
    );
    assert.ok(
      consumers.every(({ got }) => got > 0),
      'a consumer went empty',
    );
  });

  test('what is given back comes again, marked', async (transport) => {
    const got = inbox<Delivery>();
    await transport.consumeSteps(['default'], { prefetch: 1 }, got.put);
    await transport.publishStep('default', message('a'));
    const [first] = await got.take(1);
    first!.requeue();
    const [second] = await got.take(1);
    assert.deepEqual(second!.message, first!.message);
    assert.deepEqual([first!.redelivered, second!.redelivered], [false, true]);
    second!.ack();
  });

  test('settling a delivery twice is a bug that is told', async (transport) => {
    const got = inbox<Delivery>();
    await transport.consumeSteps(['default'], { prefetch: 2 }, got.put);
    await transport.publishStep('default', message('a'));
    await transport.publishStep('default', message('b'));
    const [first, second] = await got.take(2);
    first!.ack();
    second!.requeue();
    for (const again of [first!.ack, first!.requeue, second!.ack]) {
      assert.throws(again, (error: WeftError) => error.code === 'delivery_settled');
    }
    const [returned] = await got.take(1);
    returned!.ack();
    assert.equal(returned!.message.id, second!.message.id);
  });

  test('a consumer that closes keeps what is in its hands and leaves the rest to others', async (transport) => {
    const leaving = inbox<Delivery>();
    const consumer = await transport.consumeSteps(['default'], { prefetch: 1 }, leaving.put);
    for (const id of ['a', 'b', 'c']) await transport.publishStep('default', message(id));
    const [held] = await leaving.take(1);
    let closed = false;
    const closing = consumer.close().then(() => {
      closed = true;
    });
    const staying = inbox<Delivery>();
    await transport.consumeSteps(['default'], { prefetch: 10 }, staying.put);
    const others = await staying.take(2);
    assert.equal(closed, false, 'closed with a delivery in hand');
    held!.ack();
    await closing;
    assert.deepEqual(idsOf([held!, ...others]), ['a', 'b', 'c']);
    for (const delivery of others) delivery.ack();
    assert.equal(leaving.size, 0);
  });

  test('results reach who consumes results, requeued ones again', async (transport) => {
    const got = inbox<Delivery>();
    await transport.publishResult('t1', message('r1'));
    const consumer = await transport.consumeResults(got.put);
    await transport.publishResult('t2', message('r2'));
    const [one, two] = await got.take(2);
    assert.deepEqual(idsOf([one!, two!]), ['r1', 'r2']);
    one!.ack();
    two!.requeue();
    const [again] = await got.take(1);
    assert.deepEqual([again!.message.id, again!.redelivered], [two!.message.id, true]);
    again!.ack();
    await consumer.close();
  });

  test('a broadcast reaches every listener of its type until it closes', async (transport) => {
    const one = inbox<CloudEvent>();
    const two = inbox<CloudEvent>();
    const other = inbox<CloudEvent>();
    const consumer = await transport.onBroadcast(CANCEL, one.put);
    await transport.onBroadcast(CANCEL, two.put);
    await transport.onBroadcast(CLAIM, other.put);
    await transport.broadcast(message('x'));
    const [toOne] = await one.take(1);
    const [toTwo] = await two.take(1);
    assert.deepEqual([toOne!.id, toTwo!.id], ['x', 'x']);
    assert.notEqual(toOne, toTwo);
    await consumer.close();
    await transport.broadcast(message('y'));
    await two.take(1);
    assert.equal(one.size, 0);
    assert.equal(other.size, 0);
  });

  test('takes nothing after it was closed', async (transport) => {
    await transport.close();
    const unavailable = (error: WeftError): boolean => error.code === 'transport_unavailable';
    await assert.rejects(transport.publishStep('default', message('a')), unavailable);
    await assert.rejects(transport.publishResult('t1', message('a')), unavailable);
    await assert.rejects(transport.broadcast(message('a')), unavailable);
    await assert.rejects(
      transport.consumeResults(() => undefined),
      unavailable,
    );
    await transport.close();
  });
}

/** Collects what arrives; `take` waits for so many more. */
export function inbox<T>(): { put: (item: T) => void; take: (count: number) => Promise<T[]>; readonly size: number } {
  const items: T[] = [];
  let wanted: { readonly count: number; readonly give: (taken: T[]) => void } | undefined;
  const serve = (): void => {
    if (wanted === undefined || items.length < wanted.count) return;
    const { count, give } = wanted;
    wanted = undefined;
    give(items.splice(0, count));
  };
  return {
    put: (item) => {
      items.push(item);
      serve();
    },
    take: (count) =>
      new Promise((give) => {
        wanted = { count, give };
        serve();
      }),
    get size() {
      return items.length;
    },
  };
}

function message(id: string): CloudEvent {
  return { ...cancelMessage({ task_id: 't1', step_id: 't1.0' }, 0), id };
}

/** Sorted, since no order is promised. */
function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ message: { id } }) => id).sort();
}
