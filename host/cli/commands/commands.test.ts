import { runCli, withFakeServer } from '../../../testing/cli.ts';
import { BROKEN_TEMPLATE, FAKE_TEMPLATE } from '../../../testing/fake_task.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('commands');

test('submits a template with a context from words, a file or standard input', () =>
  withFakeServer(async ({ weft, file, url }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    const context = await file('context.json', '{"amount": 7}');
    const inWords = await weft('task', 'submit', template, '-c', '{"amount": 7}');
    assert.equal(JSON.parse(inWords.stdout).context, { amount: 7 });
    assert.equal(JSON.parse((await weft('task', 'submit', template, '-c', context)).stdout).context, { amount: 7 });
    const stdin = '{"amount": 8}';
    const piped = await runCli(['task', 'submit', template, '-c', '-'], { env: { WEFT_URL: url }, stdin });
    assert.equal(JSON.parse(piped.stdout).context, { amount: 8 });
    assert.equal(JSON.parse((await weft('task', 'submit', template)).stdout).context, {});
  }));

test('the idempotency key makes a repeat the same task', () =>
  withFakeServer(async ({ weft, file }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    const submit = async () =>
      JSON.parse((await weft('task', 'submit', template, '--idempotency-key', 'k')).stdout).task_id as string;
    assert.is(await submit(), await submit());
  }));

test('a dry run says what is wrong and submits nothing', () =>
  withFakeServer(async ({ weft, file }) => {
    const broken = await file('broken.yaml', BROKEN_TEMPLATE);
    for (const verb of [['run'], ['task', 'submit']]) {
      const { code, stdout } = await weft(...verb, broken, '--dry-run');
      assert.is(code, 10);
      assert.is(JSON.parse(stdout).diagnostics.length, 3);
    }
    assert.equal(JSON.parse((await weft('task', 'list')).stdout), []);
  }));

test('diagnostics for people: where, what, and what to do, all of them', () =>
  withFakeServer(async ({ weft, file }) => {
    const broken = await file('broken.yaml', BROKEN_TEMPLATE);
    const expected = [
      `${broken}:2:1: error unknown_key: "stepz" is not known here`,
      '    expected: name, steps',
      '    got:      stepz',
      '    did you mean "steps"?',
      `${broken}: error missing_key: "steps" is missing`,
      `${broken}: warning no_description: there is no description`,
      '',
    ].join('\n');
    const submitted = await weft('task', 'submit', broken);
    assert.is(submitted.stderr, `${expected}weft: the template has 2 problem(s)\n`);
    assert.is(submitted.stdout, '');
    const validated = await weft('template', 'validate', broken, '-o', 'table');
    assert.is(validated.stdout, `${expected}2 errors, 1 warning\n`);
  }));

test('the context names its own file', () =>
  withFakeServer(async ({ weft, file }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    const context = await file('context.json', '{\n  "amount": 7,\n}');
    const { code, stderr } = await weft('task', 'submit', template, '-c', context);
    assert.is(code, 10);
    assert.match(stderr, `${context}:3:1: error json_invalid: there is "}" where a key`);
  }));

test('lists are arrays as JSON, lines as JSON lines, tables for people, and say where they go on', () =>
  withFakeServer(async ({ weft, file }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    for (let index = 0; index < 3; index++) await weft('task', 'submit', template);
    assert.is(JSON.parse((await weft('task', 'list')).stdout).length, 3);
    const lines = (await weft('task', 'list', '-o', 'jsonl')).stdout.trim().split('\n');
    assert.equal(
      lines.map((line) => JSON.parse(line).template_name),
      ['one_step', 'one_step', 'one_step'],
    );
    const table = (await weft('task', 'list', '-o', 'table')).stdout.split('\n');
    assert.match(table[0]!, /^TASK +TEMPLATE +STATUS +CREATED +BY$/);
    const cut = await weft('task', 'list', '--limit', '2');
    assert.is(JSON.parse(cut.stdout).length, 2);
    assert.is(cut.stderr, 'there is more: --cursor 2, or --all\n');
    assert.is(JSON.parse((await weft('task', 'list', '--limit', '2', '--cursor', '2')).stdout).length, 1);
    assert.is(JSON.parse((await weft('task', 'list', '--limit', '1', '--all')).stdout).length, 3);
    assert.equal(JSON.parse((await weft('task', 'list', '--status', 'error')).stdout), []);
  }));

test('shows tasks, steps and events', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id, seq } = engine.gate();
    const shown = await weft('task', 'show', task_id, '-o', 'table');
    assert.match(shown.stdout, /approve +waiting_for_input +1\/3 +Approve 7000\? \(asks role:manager\)/);
    assert.is(JSON.parse((await weft('step', 'show', task_id, 'approve')).stdout).step_id, `${task_id}.0`);
    assert.match(
      (await weft('step', 'show', task_id, 'approve', '-o', 'table')).stdout,
      /asks +\{"title":"Approve 7000\?"/,
    );
    const events = JSON.parse((await weft('task', 'events', task_id)).stdout);
    assert.equal([events.length, events[0].event.kind], [seq, 'task_created']);
  }));

test('a large result is shortened for people and whole as JSON', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.gate();
    const result = { text: 'x'.repeat(300_000) };
    await engine.resolveStep(task_id, 'approve', { result }, { by: 'ada', reason: 'by hand' });
    const table = (await weft('step', 'show', task_id, 'approve', '-o', 'table')).stdout;
    assert.match(table, /result +\{"text":"x+… \(296011 more characters; -o json shows all of it\)\n/);
    assert.equal(JSON.parse((await weft('step', 'show', task_id, 'approve')).stdout).result, result);
  }));

test('acts on tasks and steps, with a reason that has a default', () =>
  withFakeServer(async ({ weft, engine }) => {
    const acts: unknown[] = [];
    engine.onAct = (name, by, details) => acts.push([name, by, (details as { reason: string }).reason]);
    const { task_id } = engine.gate();
    await weft('task', 'pause', task_id);
    await weft('task', 'resume', task_id, '--reason', 'done');
    await weft('step', 'resolve', task_id, 'approve', '--result', '{"ok": true}');
    await weft('task', 'cancel', task_id, '--reason', 'twice');
    assert.equal(acts, [
      ['pause', 'ada', 'weft task pause'],
      ['resume', 'ada', 'done'],
      ['resolveStep', 'ada', 'weft step resolve'],
      ['cancel', 'ada', 'twice'],
    ]);
    const late = await weft('task', 'cancel', task_id, '--dry-run');
    assert.equal([late.code, late.stdout], [1, '']);
  }));

test('a dry run of an act changes nothing', () =>
  withFakeServer(async ({ weft, engine }) => {
    engine.onAct = (name) => assert.unreachable(name);
    const { task_id } = engine.gate();
    const cancel = await weft('task', 'cancel', task_id, '--dry-run');
    assert.equal(
      JSON.parse(cancel.stdout).map((step: { name: string }) => step.name),
      ['approve'],
    );
    const retry = await weft('step', 'retry', task_id, 'approve', '--dry-run');
    assert.is(retry.code, 1);
    assert.match(retry.stderr, 'only a step in error');
  }));

test('decides at gates, as whom one says', () =>
  withFakeServer(async ({ weft, engine }) => {
    const signals: { principal: string; roles: readonly string[]; data: unknown; reason?: string }[] = [];
    engine.onAct = (_name, _by, signal) => signals.push(signal as (typeof signals)[number]);
    const { task_id } = engine.gate();
    const [row] = JSON.parse((await weft('gate', 'list')).stdout);
    assert.equal([row.task_id, row.step_name], [task_id, 'approve']);
    assert.is((await weft('gate', 'approve', task_id)).code, 1);
    const words = [
      '--as',
      'grace',
      '--role',
      'manager',
      '--role',
      'finance',
      '--comment',
      'fine',
      '--data',
      '{"limit": 1}',
    ];
    assert.is((await weft('gate', 'approve', task_id, ...words, '--reason', 'asked by mail')).code, 0);
    const { principal, roles, data, reason } = signals[0]!;
    assert.equal([principal, roles, reason], ['grace', ['manager', 'finance'], 'asked by mail']);
    assert.equal(data, { decision: 'approve', comment: 'fine', data: { limit: 1 } });
    const nothing = await weft('gate', 'reject', task_id, '--role', 'manager');
    assert.match(nothing.stderr, 'waits at no gate');
  }));

test('watches a task to its end, and the exit code says how it ended', () =>
  withFakeServer(async ({ weft, engine }) => {
    const ends = { complete: 0, error: 11, cancelled: 11, resolved_manually: 0 } as const;
    for (const [status, exit] of Object.entries(ends)) {
      const { task_id, seq } = engine.gate();
      const watched = weft('task', 'watch', task_id, '-o', 'jsonl');
      engine.happen(task_id, { kind: 'task_status_changed', to: status as keyof typeof ends });
      const { code, stdout } = await watched;
      const events = stdout.trim().split('\n');
      assert.equal([code, events.length], [exit, seq + 1], status);
      assert.is(JSON.parse((await weft('task', 'watch', task_id)).stdout).status, status);
    }
  }));

test('with --no-wait a watch ends where people are needed', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.gate();
    assert.is((await weft('task', 'watch', task_id, '--no-wait')).code, 13);
    engine.happen(task_id, { kind: 'task_status_changed', to: 'blocked_by_failures' });
    const blocked = await weft('task', 'watch', task_id, '--no-wait', '-o', 'table');
    assert.is(blocked.code, 11);
    assert.match(blocked.stdout, /◆ approve(.|\n)*■ blocked/);
  }));

test('the timeline is what people watch', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { task_id } = engine.gate();
    engine.happen(task_id, { kind: 'task_status_changed', to: 'complete' });
    const { stdout } = await weft('task', 'watch', task_id, '-o', 'table');
    assert.match(
      stdout,
      /^ +0\.000 {2}approval 1\.0\.0 .*\n +0\.010 {2}▸ approve\n.* ◆ approve +waits: Approve 7000\?/,
    );
  }));

test('lists and shows handlers', () =>
  withFakeServer(async ({ weft }) => {
    assert.is(JSON.parse((await weft('handlers', 'list')).stdout)[0].name, 'transform');
    assert.equal(JSON.parse((await weft('handlers', 'list', '--category', 'network')).stdout), []);
    assert.is(JSON.parse((await weft('handlers', 'show', 'transform@1.0.0')).stdout).capability.category, 'data');
    assert.is((await weft('handlers', 'show', 'transform@2.0.0')).code, 4);
  }));

test('shows the graph of a template', () =>
  withFakeServer(async ({ weft, file }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    const { stdout } = await weft('template', 'graph', template, '-o', 'table');
    assert.match(stdout, /^\S+ \S+\n1 +first +transform\n2 +second +transform +after first\n$/);
    assert.is(JSON.parse((await weft('template', 'graph', template)).stdout).edges.length, 1);
  }));

test('prints the editor schema of the catalog that counts', () =>
  withFakeServer(async ({ weft, engine }) => {
    const { code, stdout } = await weft('template', 'schema');
    const schema = JSON.parse(stdout);
    assert.equal([code, schema.$schema], [0, 'http://json-schema.org/draft-07/schema#']);
    for (const { name, version } of engine.handlers()) assert.ok(schema.definitions[`${name}@${version}`], name);
  }));
