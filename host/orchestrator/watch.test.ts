import {
  journal,
  Puppet,
  Rig,
  refusal,
  settled,
  step,
  submission,
  submitted,
  turns,
} from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Store } from '../store/port.ts';
import type { Engine, NumberedEvent } from './port.ts';
import { Watchers } from './watchers.ts';

const test = suite('engine: watching');

const NEVER = new AbortController().signal;

async function collect(events: AsyncIterable<NumberedEvent>): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of events) seqs.push(seq);
  return seqs;
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** A task of a chain that runs by itself. */
function chain(engine: Engine, length: number): Promise<string> {
  return submitted(
    engine,
    ...Array.from({ length }, (_, i) => step(`s${i}`, i === 0 ? {} : { dependencies: [`s${i - 1}`] })),
  );
}

test('a watcher sees every event once and in order, whether it comes before, while or after they happen', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const taskId = await chain(engine, 30);
    const [early, middle, beyond] = [0, 7, 100_000].map((after) => collect(engine.watch(taskId, after, NEVER)));
    const { seq } = await settled(engine, taskId);
    assert.equal(await early, upTo(seq));
    assert.equal(await beyond, []);
    assert.equal(await middle, upTo(seq, 8));
    assert.equal(await collect(engine.watch(taskId, 0, NEVER)), upTo(seq));
    assert.equal(await collect(engine.watch(taskId, seq - 3, NEVER)), upTo(seq, seq - 2));
    assert.equal(await collect(engine.watch(taskId, seq, NEVER)), []);
    assert.equal(await collect(engine.watch(taskId, seq + 100, NEVER)), []);
    assert.is(await refusal(collect(engine.watch('nobody', 0, NEVER))), 'task_not_found');
  }));

test('a watcher of a task at rest waits, hears what happens next, and stops when it is aborted', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet] });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet' }), step('b', { catalog: 'puppet' }));
    const [first] = [await puppet.next(), await puppet.next()];
    const { seq } = await engine.task(taskId);
    const aborting = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const event of engine.watch(taskId, seq, aborting.signal)) seen.push(event.seq);
    })();
    await turns();
    assert.equal(seen, []);
    first.complete();
    await turns();
    assert.equal(seen, [seq + 1]);
    aborting.abort();
    await watching;
    assert.equal(await collect(engine.watch(taskId, 0, AbortSignal.abort())), []);
  }));

test('a slow reader falls behind at no cost to the engine and still sees everything', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const taskId = await chain(engine, 600);
    const seen: number[] = [];
    for await (const { seq } of engine.watch(taskId, 0, NEVER)) {
      // Takes its first event only when everything has happened.
      if (seq === 1) await settled(engine, taskId);
      seen.push(seq);
    }
    const events = await journal(engine, taskId);
    assert.ok(events.length > 1_200, 'more than a watcher keeps');
    assert.equal(seen, upTo(events.length));
  }));

const event = (seq: number): NumberedEvent => ({
  seq,
  event: { kind: 'task_status_changed', at: seq, to: 'running' },
});

test('a watcher that closes is forgotten, and so is the task nobody watches', async () => {
  const watchers = new Watchers();
  const aborting = new AbortController();
  const [one, other] = [watchers.watch('t', aborting.signal), watchers.watch('t', aborting.signal)];
  watchers.publish('t', [event(1)]);
  assert.equal(await one.next(), [event(1)]);
  one.close();
  assert.ok(watchers.has('t'));
  assert.equal(await other.next(), [event(1)]);
  const waiting = other.next();
  aborting.abort();
  assert.equal(await waiting, []);
  other.close();
  assert.not.ok(watchers.has('t'));
});

test('a reader that leaves in the middle leaves nothing behind', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const aborting = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = aborting.signal;
    aborting.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      return addEventListener.apply(aborting.signal, args);
    };
    aborting.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      return removeEventListener.apply(aborting.signal, args);
    };
    const taskId = await chain(engine, 5);
    for (let i = 0; i < 10; i++) for await (const _ of engine.watch(taskId, 0, aborting.signal)) break;
    assert.is(listeners, 0);
  }));

test('more than is kept is told as such, once', async () => {
  const watchers = new Watchers();
  const watcher = watchers.watch('t', NEVER);
  for (let seq = 1; seq <= 2_000; seq++) watchers.publish('t', [event(seq)]);
  assert.is(await watcher.next(), undefined);
  watchers.publish('t', [event(2_001)]);
  assert.equal(await watcher.next(), [event(2_001)]);
  watcher.close();
});

test('what one commit brings is told whole to who has kept up', async () => {
  const watchers = new Watchers();
  const watcher = watchers.watch('t', NEVER);
  const events = upTo(5_000).map(event);
  watchers.publish('t', events);
  assert.equal(await watcher.next(), events);
  watchers.publish('t', [event(5_001)]);
  watchers.publish('t', events);
  assert.is(await watcher.next(), undefined);
  watcher.close();
});

test('following what was just submitted costs the store nothing', () =>
  Rig.with(async (rig) => {
    let reads = 0;
    const counted = <Q extends readonly unknown[], T>(read: (...query: Q) => T) => {
      return (...query: Q): T => {
        reads++;
        return read(...query);
      };
    };
    const throughStore = (store: Store): Store => ({
      ...store,
      readEvents: counted(store.readEvents),
      readSummary: counted(store.readSummary),
    });
    const { engine } = await rig.start({ parts: { throughStore } });
    const { task } = await engine.submit(submission([step('a'), step('b', { dependencies: ['a'] })]));
    const seen = await collect(engine.watch(task.task_id, task.seq, NEVER));
    assert.is(reads, 0);
    assert.equal(seen, upTo((await engine.task(task.task_id)).seq, task.seq + 1));
  }));
