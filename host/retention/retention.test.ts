import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { JsonObject } from '../../kernel/json.ts';
import { runCli } from '../../testing/cli.ts';
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
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { RetentionConfig } from '../config/types.ts';
import type { Engine } from '../orchestrator/port.ts';
import { VirtualClock } from '../template_test/virtual_clock.ts';
import { readArchive } from './archive.ts';
import { archivedTask } from './archived_task.ts';

const test = suite('retention');

const ACT = { by: 'ada', reason: 'room' };
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 31, 12);

function rules(rig: Rig, rest: Partial<RetentionConfig> = {}): RetentionConfig {
  const archive_directory = join(rig.directory, 'archive');
  return { settled_tasks: 'archive', after_hours: 2, archive_directory, by_status: {}, every_minutes: 10, ...rest };
}

/** Files below a folder, sorted; none when it is not there. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function done(engine: Engine): Promise<string> {
  const taskId = await submitted(engine, step('a'), step('b', { dependencies: ['a'] }));
  await settled(engine, taskId);
  return taskId;
}

async function idsOf(engine: Engine): Promise<string[]> {
  return (await engine.tasks({ limit: 100 })).items.map(({ task_id }) => task_id).sort();
}

/** Moves the clock on and waits until the look that this causes is over. */
async function pass(clock: VirtualClock, engine: Engine, ms: number): Promise<void> {
  clock.advanceTo(clock.now() + ms);
  await turns(5);
  // Behind the look, since one follows the other.
  await engine.runRetention({ dry_run: true, limit: 1 }, ACT);
}

test('settled tasks are archived and removed when their time has come, others stay', () =>
  Rig.with(async (rig) => {
    const clock = new VirtualClock(START);
    const puppet = new Puppet();
    const { engine } = await rig.start({ handlers: [puppet], parts: { clock }, config: { retention: rules(rig) } });
    const open = await submitted(engine, step('p', { catalog: 'puppet' }));
    const run = await puppet.next();
    const early = await done(engine);
    const before = await engine.task(early);
    const events = await engine.events(early, 0, 1_000);
    await pass(clock, engine, HOUR);
    const late = await done(engine);
    assert.equal(await idsOf(engine), [open, early, late].sort());
    await pass(clock, engine, HOUR);
    assert.equal(await idsOf(engine), [open, late].sort());

    assert.is(await refusal(engine.task(early)), 'task_not_found');
    assert.is(await refusal(engine.events(early, 0, 1)), 'task_not_found');
    assert.is(await refusal(engine.cancel(early, ACT)), 'task_not_found');
    const file = join(rig.directory, 'archive', '2026-01-31', `${early}.jsonl.gz`);
    assert.equal(await archivedTask(file), before);
    assert.equal(
      (await readArchive(file)).journal.flatMap((entry) => entry.events),
      events.map(({ event }) => event),
    );

    await pass(clock, engine, 10_000 * HOUR);
    assert.equal(await idsOf(engine), [open]);
    run.complete();
    assert.is((await settled(engine, open)).status, 'complete');
  }));

test('rules differ by status, and `keep` keeps', () =>
  Rig.with(async (rig) => {
    const clock = new VirtualClock(START);
    const puppet = new Puppet();
    const retention = rules(rig, {
      settled_tasks: 'remove',
      by_status: { cancelled: { settled_tasks: 'keep' }, error: { after_hours: 48 } },
    });
    const { engine } = await rig.start({ handlers: [puppet], parts: { clock }, config: { retention } });
    const complete = await done(engine);
    const cancelled = await submitted(engine, step('p', { catalog: 'puppet' }));
    await puppet.next();
    await engine.cancel(cancelled, ACT);
    const failed = await submitted(engine, step('p', { catalog: 'puppet', on_failure: 'fail_task' }));
    (await puppet.next()).fail({ retryable: false });
    assert.is((await settled(engine, failed)).status, 'error');
    await pass(clock, engine, 3 * HOUR);
    assert.is(await refusal(engine.task(complete)), 'task_not_found');
    assert.equal(await idsOf(engine), [cancelled, failed].sort());
    await pass(clock, engine, 48 * HOUR);
    assert.equal(await idsOf(engine), [cancelled]);
    assert.equal(await filesIn(join(rig.directory, 'archive')), []);
  }));

test('by default everything is kept, and nothing looks', () =>
  Rig.with(async (rig) => {
    const clock = new VirtualClock(START);
    const { engine } = await rig.start({ parts: { clock } });
    const taskId = await done(engine);
    await pass(clock, engine, 100_000 * HOUR);
    assert.equal(await idsOf(engine), [taskId]);
    assert.ok((await engine.retention()).rules.every(({ action }) => action === 'keep'));
  }));

test('a task that cannot be archived stays, and the others go', () =>
  Rig.with(async (rig) => {
    const clock = new VirtualClock(START);
    const logged: JsonObject[] = [];
    const { engine } = await rig.start({
      parts: { clock },
      config: { retention: rules(rig) },
      onLog: (line) => logged.push(line),
    });
    // A file where the folder of its day would be.
    await mkdir(join(rig.directory, 'archive'));
    await writeFile(join(rig.directory, 'archive', '2026-01-31'), '');
    const stuck = await done(engine);
    await pass(clock, engine, 24 * HOUR);
    const fine = await done(engine);
    await pass(clock, engine, 3 * HOUR);
    assert.is(await refusal(engine.task(fine)), 'task_not_found');
    assert.equal(await idsOf(engine), [stuck]);
    const problems = logged.filter(({ msg }) => msg === 'a settled task stays');
    assert.ok(problems.length > 0 && problems.every(({ task_id }) => task_id === stuck), JSON.stringify(problems));
    const { tasks } = await engine.runRetention({ dry_run: false, limit: 10 }, ACT);
    assert.match(tasks[0]!.problem!, 'cannot be archived');
    assert.equal((await engine.retention()).acts[0]!.details, { removed: 0, archived: 0, failed: 1 });
  }));

test('an operator removes one settled task, with a reason that is kept', () =>
  Rig.with(async (rig) => {
    const puppet = new Puppet();
    const logged: JsonObject[] = [];
    const { engine } = await rig.start({ handlers: [puppet], onLog: (line) => logged.push(line) });
    const { task } = await engine.submit(submission([step('a')], { idempotency_key: 'k' }));
    await settled(engine, task.task_id);
    const open = await submitted(engine, step('p', { catalog: 'puppet' }));
    const run = await puppet.next();
    assert.is(await refusal(engine.removeTask(open, { archive: false }, ACT)), 'task_not_settled');
    const removed = await engine.removeTask(task.task_id, { archive: false }, ACT);
    assert.equal([removed.task_id, removed.archive, removed.problem], [task.task_id, null, null]);
    assert.is(await refusal(engine.task(task.task_id)), 'task_not_found');
    assert.is(await refusal(engine.removeTask(task.task_id, { archive: false }, ACT)), 'task_not_found');
    const [act] = (await engine.retention()).acts;
    assert.equal([act!.act, act!.by, act!.reason, act!.details['task_id']], ['remove', 'ada', 'room', task.task_id]);
    const line = logged.find(({ msg }) => msg === 'a settled task was removed')!['retention'] as JsonObject;
    assert.equal([line['task_id'], line['by'], line['reason']], [task.task_id, 'ada', 'room']);
    // The key is free again: the same submission is another task.
    const again = await engine.submit(submission([step('a')], { idempotency_key: 'k' }));
    assert.ok(again.created && again.task.task_id !== task.task_id);
    run.complete();
  }));

test('a run does what its dry run said, up to its limit, and is remembered', () =>
  Rig.with(async (rig) => {
    const clock = new VirtualClock(START);
    const { engine } = await rig.start({
      parts: { clock },
      config: { retention: rules(rig, { after_hours: 0, every_minutes: 1_440 }) },
    });
    await turns();
    const ids = [await done(engine), await done(engine), await done(engine)];
    const dry = await engine.runRetention({ dry_run: true, limit: 2 }, ACT);
    assert.equal([dry.tasks.length, dry.more, (await idsOf(engine)).length], [2, true, 3]);
    assert.equal((await engine.retention()).rules.find(({ status }) => status === 'complete')!.due, 3);
    const wet = await engine.runRetention({ dry_run: false, limit: 2 }, ACT);
    assert.equal(wet.tasks, dry.tasks);
    assert.equal((await idsOf(engine)).length, 1);
    const rest = await engine.runRetention({ dry_run: false, limit: 2 }, ACT);
    assert.equal([rest.tasks.length, rest.more], [1, false]);
    assert.equal(await idsOf(engine), []);
    assert.equal([...wet.tasks, ...rest.tasks].map(({ task_id }) => task_id).sort(), ids.sort());
    const { acts } = await engine.retention();
    assert.equal(
      acts.map(({ details }) => details['removed']),
      [1, 2],
    );
  }));

test('an archived batch shows what the task showed, its large values too', () =>
  Rig.with(async (rig) => {
    const spread: NativeHandler = {
      name: 'spread',
      run: () => ({
        kind: 'batches',
        items: Array.from({ length: 40 }, (_, n) => ({ n, text: 'żółć \u2028 🦉' })),
        max_concurrency: 3,
        result: { large: 'ż'.repeat(200_000) },
      }),
    };
    const { engine } = await rig.start({ handlers: [spread] });
    const taskId = await submitted(
      engine,
      step('spread', { type: 'batchable', catalog: 'spread' }),
      step('work', { type: 'batch_worker', dependencies: ['spread'] }),
      step('end', { dependencies: ['work'] }),
    );
    const before = await settled(engine, taskId);
    const events = await journal(engine, taskId);
    const { archive } = await engine.removeTask(taskId, { archive: true }, ACT);
    assert.is(before.steps.length, 43);
    assert.is((await readArchive(archive!)).blobs.length, 1);
    const shown = await runCli(['archive', 'show', archive!, '-o', 'json']);
    assert.equal(JSON.parse(shown.stdout), before);
    const told = await runCli(['archive', 'events', archive!, '-o', 'jsonl']);
    assert.equal(
      told.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event),
      events,
    );
    assert.match((await runCli(['archive', 'show', archive!, '-o', 'table'])).stdout, /work\[39\] +complete/);
  }));

test('an archive that is damaged, cut or of something else says so', () =>
  Rig.with(async (rig) => {
    const { engine } = await rig.start();
    const { archive } = await engine.removeTask(await done(engine), { archive: true }, ACT);
    const bytes = await readFile(archive!);
    const lines = gunzipSync(bytes).toString().split('\n');
    const cut = gzipSync([...lines.slice(0, 3), ''].join('\n'));
    const other = gzipSync(lines.with(1, lines[1]!.replace('"rigged"', '"other"')).join('\n'));
    const newer = gzipSync(lines.join('\n').replace('"weft_archive":1', '"weft_archive":2'));
    const file = join(rig.directory, 'broken.jsonl.gz');
    for (const broken of [bytes.subarray(0, 50), cut, other, newer, gzipSync('{}\n'), Buffer.from('text')]) {
      await writeFile(file, broken);
      assert.is(await refusal(archivedTask(file)), 'archive_unreadable', broken.toString().slice(0, 40));
    }
    assert.is(await refusal(archivedTask(join(rig.directory, 'nothing'))), 'archive_unreadable');
  }));

/** Runs the victim until it dies at a point, or until nothing is due. */
async function victim(directory: string, crashAt?: string): Promise<NodeJS.Signals | null> {
  const script = fileURLToPath(import.meta.resolve('../../testing/retention_victim.ts'));
  const env = { ...process.env, ...(crashAt === undefined ? {} : { WEFT_CRASH_AT: crashAt }) };
  const child = spawn(process.execPath, [script, directory], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = (await once(child, 'close')) as [number, NodeJS.Signals | null];
  return signal;
}

for (const point of [
  'retention.archived',
  'store.in_transaction',
  'store.after_commit_before_resolve',
  'retention.removed',
]) {
  test(`killed at ${point}, nothing is lost and nothing is there twice`, () =>
    Rig.with(async (rig) => {
      const first = await rig.start();
      const before = new Map<string, object>();
      for (let i = 0; i < 4; i++) {
        const taskId = await done(first.engine);
        before.set(taskId, await first.engine.task(taskId));
      }
      await first.close();
      assert.is(await victim(rig.directory, `${point}:2`), 'SIGKILL');

      const archive = join(rig.directory, 'archive');
      const written = await filesIn(archive);
      assert.is(written.length, 2);
      const bytes = await Promise.all(written.map((file) => readFile(file)));
      const second = await rig.start();
      const left = await idsOf(second.engine);
      const isGone = point === 'store.after_commit_before_resolve' || point === 'retention.removed';
      assert.is(left.length, isGone ? 2 : 3);
      for (const taskId of left) assert.equal(await second.engine.task(taskId), before.get(taskId));
      await second.close();

      assert.is(await victim(rig.directory), null);
      const all = await filesIn(archive);
      assert.is(all.length, 4);
      assert.equal(await Promise.all(written.map((file) => readFile(file))), bytes);
      for (const file of all) {
        const task = await archivedTask(file);
        assert.equal(task, before.get(task.task_id));
      }
      const third = await rig.start();
      assert.equal(await idsOf(third.engine), []);
      await third.close();
    }));
}
