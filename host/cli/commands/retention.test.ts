import { withFakeServer } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('retention commands');

test('a dry run changes nothing, a run removes what is due', () =>
  withFakeServer(async ({ weft, engine }) => {
    const open = engine.gate();
    const done = engine.gate();
    await weft('task', 'cancel', done.task_id);
    const dry = await weft('retention', 'run', '--dry-run');
    assert.equal(
      JSON.parse(dry.stdout).map((task: { task_id: string }) => task.task_id),
      [done.task_id],
    );
    assert.match(dry.stderr, 'would remove 1 task(s)');
    const acts: unknown[] = [];
    engine.onAct = (name, by, details) => acts.push([name, by, (details as { reason: string }).reason]);
    const wet = await weft('retention', 'run', '--reason', 'room', '-o', 'table');
    assert.match(wet.stdout, /cancelled +\S.* \/archive\//);
    assert.equal(acts, [['removeTask', 'ada', 'room']]);
    assert.is((await weft('task', 'show', done.task_id)).code, 4);
    assert.is((await weft('task', 'show', open.task_id)).code, 0);
  }));

test('one settled task is removed, one that is not is refused', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.gate();
    const refused = await weft('task', 'remove', task_id);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, 'only a settled task can be removed');
    await weft('task', 'cancel', task_id);
    const removed = await weft('task', 'remove', task_id, '--archive', '--reason', 'asked to');
    assert.equal([removed.code, JSON.parse(removed.stdout)[0].action], [0, 'archive']);
    assert.is((await weft('task', 'remove', task_id)).code, 4);
  }));

test('shows the rules and what people did', () =>
  withFakeServer(async ({ weft }) => {
    const shown = (await weft('retention', 'show', '-o', 'table')).stdout;
    assert.match(shown, /complete +archive +1 h +0/);
    assert.match(shown, /run +ada +room/);
    assert.is(JSON.parse((await weft('retention', 'show')).stdout).archive_directory, '/archive');
  }));
