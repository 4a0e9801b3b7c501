import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../kernel/errors.ts';
import {
  happened,
  journal,
  Puppet,
  Rig,
  refusal,
  settled,
  step,
  stepIs,
  submission,
  submitted,
  turns,
} from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Store } from '../store/port.ts';

const test = suite('engine: recovery');

const ACT = { by: 'ada', reason: 'because' };
const RETRY = { max_attempts: 3, backoff: 'none', base_ms: 1, max_ms: 1_000, jitter: 0 };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Changes a store that nobody has open. */
function inStore(rig: Rig, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(rig.directory, 'weft.db'));
  change(db);
  db.close();
}

/** A store whose commits fail while `broken` says so. */
function fragile(broken: () => boolean): { throughStore(store: Store): Store } {
  return {
    throughStore: (store) =>
      new Proxy(store, {
        get: (target, name: keyof Store) =>
          name === 'commit' && broken()
            ? () => Promise.reject(new WeftError('store_unavailable', { problem: 'the test says so' }))
            : target[name].bind(target),
      }),
  };
}

test('what ran when the process ended runs again after the next start, at no attempt', () =>
  Rig.with(async (rig) => {
    const before = new Puppet();
    const first = await rig.start({ handlers: [before] });
    const steps = ['a', 'b', 'c'].map((name) => step(name, { catalog: 'puppet' }));
    const taskId = await submitted(first.engine, ...steps, step('end', { dependencies: ['a', 'b', 'c'] }));
    const runs = [await before.next(), await before.next(), await before.next()];
    runs[0]!.complete('kept');
    await stepIs(first.engine, taskId, 'a', 'complete');
    await first.close();
    assert.ok(runs.slice(1).every((run) => run.step.signal.aborted));

    const after = new Puppet();
    const second = await rig.start({ handlers: [after] });
    const again = [await after.next(), await after.next()];
    assert.equal(again.map((run) => run.step.identity.step_name).sort(), ['b', 'c']);
    assert.equal(
      again.map((run) => run.step.identity.idempotency_key).sort(),
      runs
        .slice(1)
        .map((run) => run.step.identity.idempotency_key)
        .sort(),
    );
    for (const run of again) run.complete('again');
    const task = await settled(second.engine, taskId);
    assert.equal(
      task.steps.map(({ attempt, status }) => [attempt, status]),
      Array.from({ length: 4 }, () => [1, 'complete']),
    );
    assert.equal([before.runs, after.runs], [3, 2]);
  }));

test('a drain lets runs finish within its grace', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const { engine, close } = await rig.start({
      handlers: [puppet],
      config: { broker: { cells: 1, cell_heap_mb: 128, drain_grace_ms: 10_000 } },
    });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet' }), step('b', { dependencies: ['a'] }));
    const run = await puppet.next();
    const closing = close();
    await turns();
    run.complete('in time');
    await closing;
    const next = await rig.start();
    const task = await settled(next.engine, taskId);
    assert.equal([task.steps[0]!.result, task.steps[1]!.status], ['in time', 'complete']);
  }));

test('overdue retries and deadlines fire once after a start, however many they are', () =>
  Rig.with(async (rig) => {
    let isBack = false;
    const flaky: NativeHandler = {
      name: 'flaky',
      run: ({ resume, inputs }) => {
        if (resume !== undefined) return { kind: 'complete', result: resume.fired ?? 'a signal' };
        if (isBack) return { kind: 'complete', result: 'retried' };
        const deadlines = [{ name: 'late', after_ms: (inputs as { ms: number }).ms }];
        return { kind: 'suspend', state: {}, request: { title: 'flaky' }, signals: {}, deadlines };
      },
    };
    const puppet = new Puppet();
    const first = await rig.start({ handlers: [flaky, puppet] });
    const many = Array.from({ length: 300 }, (_, i) => step(`s${i}`, { catalog: 'flaky', inputs: { ms: 3_600_000 } }));
    const gates = await submitted(first.engine, ...many);
    const retries = await submitted(first.engine, step('a', { catalog: 'puppet', retry: RETRY }));
    (await puppet.next()).fail({ retryable: true, retry_after_ms: 3_600_000 });
    await stepIs(first.engine, retries, 'a', 'waiting_for_retry');
    for (let i = 0; i < 300; i++) await stepIs(first.engine, gates, `s${i}`, 'waiting_for_input');
    await first.close();
    inStore(rig, (db) => db.exec('UPDATE timer SET at = 1'));

    isBack = true;
    const next = new Puppet();
    const second = await rig.start({ handlers: [flaky, next] });
    (await next.next()).complete();
    const task = await settled(second.engine, gates);
    assert.equal(new Set(task.steps.map(({ result }) => result)), new Set(['late']));
    const fired = (await journal(second.engine, gates)).filter(({ kind }) => kind === 'step_deadline_fired');
    assert.is(fired.length, 300);
    assert.is((await settled(second.engine, retries)).steps[0]!.attempt, 2);
  }));

test('a step whose component is gone after a restart waits for it, and runs when it is back', () =>
  Rig.with(async (rig) => {
    const first = await rig.start({ handlers: [new Puppet(), new Puppet('late')] });
    const taskId = await submitted(
      first.engine,
      step('a', { catalog: 'puppet' }),
      step('b', { catalog: 'late', dependencies: ['a'] }),
    );
    await first.close();

    const without = await rig.start();
    const waiting = await stepIs(without.engine, taskId, 'a', 'waiting_for_worker');
    assert.is(waiting.status, 'waiting');
    await without.close();
    // Once more without it: it still waits.
    const still = await rig.start();
    await turns(30);
    await stepIs(still.engine, taskId, 'a', 'waiting_for_worker');
    await still.close();

    const [puppet, late] = [new Puppet(), new Puppet('late')];
    const back = await rig.start({ handlers: [puppet, late] });
    (await puppet.next()).complete();
    (await late.next()).complete();
    const task = await settled(back.engine, taskId);
    assert.equal(
      task.steps.map(({ attempt }) => attempt),
      [1, 1],
    );
  }));

test('a step that is created when no component meets its range is pinned when one arrives', () =>
  Rig.with(async (rig) => {
    const first = await rig.start({ handlers: [new Puppet(), new Puppet('late')] });
    const taskId = await submitted(
      first.engine,
      step('route', { type: 'decision', catalog: 'puppet' }),
      step('b', { catalog: 'late', dependencies: ['route'] }),
    );
    await first.close();
    const puppet = new Puppet();
    const without = await rig.start({ handlers: [puppet] });
    (await puppet.next()).end({ kind: 'branch', steps: ['b'], result: {} });
    const waiting = await stepIs(without.engine, taskId, 'b', 'waiting_for_worker');
    assert.is(waiting.steps[1]!.handler.digest, null);
    await without.close();
    const late = new Puppet('late');
    const back = await rig.start({ handlers: [new Puppet(), late] });
    (await late.next()).complete();
    const task = await settled(back.engine, taskId);
    assert.equal([task.steps[1]!.attempt, task.steps[1]!.handler.digest], [1, 'native:late']);
  }));

test('a paused task stays paused over a restart', () =>
  Rig.with(async (rig) => {
    const before = new Puppet();
    const first = await rig.start({ handlers: [before] });
    const taskId = await submitted(
      first.engine,
      step('a', { catalog: 'puppet' }),
      step('b', { catalog: 'puppet', dependencies: ['a'] }),
    );
    await before.next();
    await first.engine.pause(taskId, ACT);
    await first.close();
    const after = new Puppet();
    const { engine } = await rig.start({ handlers: [after] });
    // It was dispatched before the pause and may finish.
    (await after.next()).complete();
    await stepIs(engine, taskId, 'a', 'complete');
    await turns();
    assert.is(after.runs, 1);
    await engine.resume(taskId, ACT);
    (await after.next()).complete();
    await settled(engine, taskId);
  }));

test('a commit that fails leaves nothing half done: a submission is refused, later ones are taken', () =>
  Rig.with(async (rig) => {
    let broken = true;
    const { engine } = await rig.start({ parts: fragile(() => broken) });
    const once = submission([step('a')], { idempotency_key: 'k' });
    assert.is(await refusal(engine.submit(once)), 'store_unavailable');
    assert.is((await engine.tasks({ limit: 10 })).items.length, 0);
    broken = false;
    const { task, created } = await engine.submit(once);
    assert.ok(created);
    assert.is((await settled(engine, task.task_id)).status, 'complete');
  }));

test('a result that cannot be committed is taken later; nothing follows from it before', () =>
  Rig.with(async (rig) => {
    let broken = false;
    const puppet = new Puppet();
    const refused: string[] = [];
    const { engine } = await rig.start({
      handlers: [puppet],
      parts: fragile(() => broken),
      onLog: ({ msg }) => void refused.push(String(msg)),
    });
    const taskId = await submitted(
      engine,
      step('a', { catalog: 'puppet' }),
      step('b', { catalog: 'puppet', dependencies: ['a'] }),
    );
    const run = await puppet.next();
    const before = await engine.task(taskId);
    broken = true;
    run.complete('kept');
    await turns();
    assert.ok(refused.includes('a result could not be recorded; trying again'));
    assert.is(await refusal(engine.pause(taskId, ACT)), 'store_unavailable');
    const meanwhile = await engine.task(taskId);
    assert.equal([meanwhile.seq, meanwhile.steps[0]!.status, meanwhile.paused], [before.seq, 'enqueued', false]);
    assert.is(puppet.runs, 1);
    broken = false;
    (await puppet.next()).complete();
    const task = await settled(engine, taskId);
    assert.equal([task.steps[0]!.result, task.steps[0]!.attempt], ['kept', 1]);
    assert.is(
      refused.filter((msg) => msg.startsWith('a result could not be recorded')).length,
      1,
      'it rests before it tries again',
    );
  }));

test('a timer whose commit fails fires later', () =>
  Rig.with(async (rig) => {
    let broken = false;
    const puppet = new Puppet();
    const logged: string[] = [];
    const { engine } = await rig.start({
      handlers: [puppet],
      parts: fragile(() => broken),
      onLog: ({ msg }) => void logged.push(String(msg)),
    });
    const taskId = await submitted(engine, step('a', { catalog: 'puppet', retry: RETRY }));
    (await puppet.next()).fail({ retryable: true, retry_after_ms: 50 });
    await stepIs(engine, taskId, 'a', 'waiting_for_retry');
    broken = true;
    while (!logged.some((msg) => msg.startsWith('timers could not be fired'))) await sleep(10);
    broken = false;
    (await puppet.next()).complete();
    assert.is((await settled(engine, taskId)).steps[0]!.attempt, 2);
  }));

test('a salt that was never finished is made again; one that is there stays', () =>
  Rig.with(async (rig) => {
    const file = join(rig.directory, 'placeholder.salt');
    await writeFile(file, 'half');
    await (await rig.start()).close();
    const salt = await readFile(file, 'utf8');
    assert.match(salt, /^[0-9a-f]{64}$/);
    await rig.start();
    assert.is(await readFile(file, 'utf8'), salt);
    assert.is((await stat(file)).mode & 0o777, 0o600);
  }));

test('a damaged journal keeps its own task from going on, and no other', () =>
  Rig.with(async (rig) => {
    const first = await rig.start({ handlers: [new Puppet()] });
    const [damaged, sound] = [
      await submitted(first.engine, step('a', { catalog: 'puppet' })),
      await submitted(first.engine, step('a', { catalog: 'puppet' })),
    ];
    await happened(first.engine, sound, 'step_enqueued');
    await first.close();
    inStore(rig, (db) =>
      db
        .prepare(`UPDATE journal SET events = replace(events, '"step_enqueued"', '"step_completed"') WHERE task_id = ?`)
        .run(damaged),
    );

    const logged: string[] = [];
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet], onLog: ({ msg }) => void logged.push(String(msg)) });
    assert.ok(logged.includes('a task cannot be taken up again'));
    (await puppet.next()).complete();
    assert.is((await settled(engine, sound)).status, 'complete');
    assert.is(await refusal(engine.task(damaged)), 'journal_corrupt');
  }));
