import { EventEmitter, once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type FakeEngine, fakeEngine } from '../../testing/fake_engine.ts';
import { assert, suite } from '../../testing/suite.ts';
import { createApi } from './api.ts';
import { networkDoor } from './door.ts';
import { eventStream } from './event_stream.ts';

const test = suite('event streams');

const live = { accept: 'text/event-stream' };

async function listen(
  run: (url: string, engine: FakeEngine, api: FastifyInstance) => Promise<void>,
  heartbeat_ms = 60_000,
): Promise<void> {
  const engine = fakeEngine();
  const door = networkDoor({ bind: '127.0.0.1', tokens: [], allowed_hosts: [] });
  const logger = pino({ level: 'silent' });
  const api = createApi({ engine, door, logger, version: '1.0.0', body_bytes_max: 1_000, heartbeat_ms });
  try {
    await run(await api.listen({ host: '127.0.0.1', port: 0 }), engine, api);
  } finally {
    await api.close();
  }
}

/** The fields of each frame, comments left out. */
function framesOf(stream: string): readonly Record<string, string>[] {
  const frames = stream.split('\n\n').map((frame) => frame.split('\n').filter((line) => line !== '' && line !== ':'));
  return frames
    .filter((lines) => lines.length > 0)
    .map((lines) =>
      Object.fromEntries(lines.map((line) => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)])),
    );
}

test('gives what was, then what comes, and ends when the task settles', () =>
  listen(async (url, engine) => {
    const { task_id, seq } = engine.gate();
    const reply = await fetch(`${url}/v1/tasks/${task_id}/events`, { headers: live });
    assert.is(reply.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    engine.happen(task_id, { kind: 'task_status_changed', to: 'complete' });
    const frames = framesOf(await reply.text());
    assert.equal(
      frames.map(({ id }) => id),
      [...Array.from({ length: seq + 1 }, (_, index) => String(index + 1)), undefined],
    );
    assert.is(frames[0]!['event'], 'task_created');
    assert.is(JSON.parse(frames.at(-2)!['data']!).event.to, 'complete');
    assert.equal(frames.at(-1), { event: 'end', data: '{}' });
  }));

test('continues after Last-Event-ID, and says 204 when nothing is left', () =>
  listen(async (url, engine) => {
    const { task_id } = engine.gate();
    engine.happen(task_id, { kind: 'task_status_changed', to: 'complete' });
    const { seq } = await engine.task(task_id);
    const from = (id: string) =>
      fetch(`${url}/v1/tasks/${task_id}/events`, { headers: { ...live, 'last-event-id': id } });
    assert.equal(
      framesOf(await (await from(String(seq - 1))).text()).map(({ id }) => id),
      [String(seq), undefined],
    );
    assert.is((await from(String(seq))).status, 204);
    assert.is((await from('x')).status, 400);
  }));

test('keeps an idle stream open with comments', () =>
  listen(async (url, engine) => {
    const { task_id, seq } = engine.gate();
    const headers = { ...live, 'last-event-id': String(seq) };
    const { body } = await fetch(`${url}/v1/tasks/${task_id}/events`, { headers });
    const reader = body!.getReader();
    let seen = '';
    while (seen.length < 9) seen += new TextDecoder().decode((await reader.read()).value);
    assert.match(seen, /^(:\n\n){3,}$/);
    await reader.cancel();
  }, 1));

test('closing the API interrupts the stream without an end', () =>
  listen(async (url, engine, api) => {
    const reply = await fetch(`${url}/v1/tasks/${engine.gate().task_id}/events`, { headers: live });
    await api.close();
    assert.not.match(await reply.text(), 'event: end');
  }));

test('closing the API answers what was asked and then waits for no connection', () =>
  listen(async (url, engine, api) => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const closing = arrived.then(() => api.close());
    const { health } = engine;
    engine.health = async () => {
      asked();
      await new Promise(setImmediate);
      return health();
    };
    const reply = await fetch(`${url}/readyz`);
    assert.equal([reply.status, reply.headers.get('connection')], [200, 'close']);
    await closing;
  }));

test('stops watching when the reader goes away', () =>
  listen(async (url, engine) => {
    const told = new EventEmitter();
    const watch = engine.watch;
    engine.watch = (id, after, signal) => {
      signal.addEventListener('abort', () => told.emit('stopped'));
      return watch(id, after, signal);
    };
    const stopped = once(told, 'stopped');
    const reply = await fetch(`${url}/v1/tasks/${engine.gate().task_id}/events`, { headers: live });
    await reply.body!.cancel();
    await stopped;
  }));

test('a slow reader holds the events back instead of filling memory', async () => {
  let given = 0;
  async function* endless() {
    for (let seq = 1; ; seq++) {
      given = seq;
      yield { seq, event: { kind: 'task_paused' as const, at: 0, by: 'x'.repeat(1_000), reason: '' } };
    }
  }
  const closing = new AbortController();
  const stream = eventStream({ watch: endless, heartbeat_ms: 60_000, closing: closing.signal });
  await once(stream, 'readable');
  await new Promise(setImmediate);
  const held = given;
  await new Promise(setImmediate);
  assert.is(given, held);
  assert.ok(held < 1_000, `${held} events were read ahead`);
  closing.abort();
  assert.not.match(await text(stream), 'event: end');
});
