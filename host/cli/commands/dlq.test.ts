import { withFakeServer } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('weft dlq');

test('lists open entries, and others when asked', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.blocked();
    const other = engine.blocked();
    const [row] = JSON.parse((await weft('dlq', 'list', '--task', task_id)).stdout);
    assert.equal([row.task_id, row.step_name, row.reason, row.state], [task_id, 'post', 'exhausted', 'open']);
    const lines = (await weft('dlq', 'list', '-o', 'jsonl')).stdout.trim().split('\n');
    assert.is(lines.length, 2);
    const table = (await weft('dlq', 'list', '-o', 'table')).stdout.split('\n');
    assert.match(table[0]!, /^TASK +STEP +REASON +STATE +ATTEMPTS +FOR +NOTES +HANDLER +FAILURE$/);
    assert.match(table[1]!, /post +exhausted +open +3 .*transform@1\.0\.0 +503 from the server \(http_status\)$/);
    await weft('dlq', 'resolve', other.task_id, 'post');
    assert.is(JSON.parse((await weft('dlq', 'list')).stdout).length, 1);
    assert.is(JSON.parse((await weft('dlq', 'list', '--state', 'open', '--state', 'resolved')).stdout).length, 2);
    const filters = [
      ['--reason', 'stuck'],
      ['--template', 'other'],
      ['--namespace', 'other'],
      ['--handler', 'other'],
      ['--state', 'retried'],
    ];
    for (const filter of filters) assert.equal(JSON.parse((await weft('dlq', 'list', ...filter)).stdout), []);
    assert.is((await weft('dlq', 'list', '--reason', 'sad')).code, 2);
  }));

test('shows what happened, and the commands that recover the step', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.blocked();
    const { code, stdout } = await weft('dlq', 'show', task_id, 'post', '-o', 'table');
    assert.is(code, 0);
    assert.match(stdout, /reason +exhausted: 503 from the server \(http_status\)/);
    assert.match(stdout, /config +\{"url":"https:\/\/example\.com","key":"\$\{secrets\.KEY\}"\}/);
    assert.match(stdout, /failures\n {2}\S+ \S+ {2}attempt 3 {2}503 from the server/);
    assert.is(
      stdout.slice(stdout.indexOf('what to do')),
      [
        'what to do',
        `  weft step retry ${task_id} post --reason '…'`,
        `  weft step resolve ${task_id} post --result '{…}' --reason '…'`,
        `  weft task cancel ${task_id} --reason '…'`,
        `  weft dlq resolve ${task_id} post --reason '…'`,
        '',
      ].join('\n'),
    );
    assert.is(JSON.parse((await weft('dlq', 'show', task_id, 'post')).stdout).step_name, 'post');
    assert.is((await weft('dlq', 'show', task_id, 'nothing')).code, 4);
    assert.is((await weft('dlq', 'show', engine.gate().task_id, 'approve')).code, 4);
  }));

test('a step of a task that is over cannot be recovered, and show says so', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.blocked();
    engine.happen(task_id, { kind: 'task_status_changed', to: 'error' });
    const { stdout } = await weft('dlq', 'show', task_id, 'post', '-o', 'table');
    assert.match(stdout, /the task is error: nothing can change it/);
    assert.not.match(stdout, /weft step/);
  }));

test('notes and closing are kept with who and why; a dry run changes nothing', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.blocked();
    const acts: unknown[] = [];
    engine.onAct = (...act) => acts.push(act);
    const step = [task_id, 'post'];
    const dry = await weft('dlq', 'note', ...step, 'the disk was full', '--dry-run');
    assert.equal([dry.code, dry.stderr], [0, 'weft dlq note would add note 1\n']);
    const closing = await weft('dlq', 'resolve', ...step, '--dry-run');
    assert.equal([closing.code, closing.stderr], [0, 'weft dlq resolve would close the entry; the step stays error\n']);
    assert.equal(acts, []);
    const noted = JSON.parse((await weft('dlq', 'note', ...step, 'the disk was full')).stdout);
    assert.equal([noted.notes, noted.history.at(-1).by, noted.history.at(-1).text], [1, 'ada', 'the disk was full']);
    const closed = JSON.parse((await weft('dlq', 'resolve', ...step, '--reason', 'known')).stdout);
    assert.equal([closed.state, closed.closed_by, closed.closed_reason], ['resolved', 'ada', 'known']);
    assert.equal(acts, [
      ['noteDeadLetter', 'ada', { by: 'ada', text: 'the disk was full' }],
      ['closeDeadLetter', 'ada', { by: 'ada', reason: 'known' }],
    ]);
    const again = await weft('dlq', 'resolve', ...step);
    assert.equal([again.code, (await weft('dlq', 'resolve', ...step, '--dry-run')).code], [1, 1]);
    assert.match(again.stderr, 'is already resolved');
    assert.is((await weft('dlq', 'note', ...step)).code, 2);
  }));

test('a blocked task points at its dead letters', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.blocked();
    const { stdout } = await weft('task', 'show', task_id, '-o', 'table');
    assert.match(stdout, `dead letter  exhausted: weft dlq show ${task_id} post\n`);
    await weft('dlq', 'resolve', task_id, 'post');
    assert.not.match((await weft('task', 'show', task_id, '-o', 'table')).stdout, /dead letter/);
  }));
