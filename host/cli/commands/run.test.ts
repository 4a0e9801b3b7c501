import { once } from 'node:events';
import { runCli, withFakeServer } from '../../../testing/cli.ts';
import type { FakeEngine } from '../../../testing/fake_engine.ts';
import { FAKE_TEMPLATE } from '../../../testing/fake_task.ts';
import { assert, suite } from '../../../testing/suite.ts';

const test = suite('weft run');

const attempt = (task_id: string) => ({ step_id: `${task_id}.0`, attempt: 1, activation: 0 });

function suspend(engine: FakeEngine, task_id: string): void {
  const request = { title: 'Approve?', audience: ['role:manager'] };
  engine.happen(
    task_id,
    { kind: 'step_enqueued', ...attempt(task_id) },
    { kind: 'task_status_changed', to: 'running' },
    { kind: 'step_suspended', ...attempt(task_id), state: null, request, signals: {}, deadlines: [] },
    { kind: 'task_status_changed', to: 'waiting' },
  );
}

function complete(engine: FakeEngine, task_id: string): void {
  engine.happen(
    task_id,
    { kind: 'step_enqueued', ...attempt(task_id) },
    { kind: 'step_completed', ...attempt(task_id), result: { answer: 42 } },
    { kind: 'task_status_changed', to: 'complete' },
  );
}

test('prints the task as it ended, as JSON, and nothing else', () =>
  withFakeServer(async ({ engine, weft, file }) => {
    engine.onSubmit = ({ task_id }) => complete(engine, task_id);
    const { code, stdout, stderr } = await weft('run', await file('t.yaml', FAKE_TEMPLATE), '-c', '{"amount": 7}');
    assert.equal([code, stderr], [0, '']);
    const { status, context, steps } = JSON.parse(stdout);
    assert.equal([status, context, steps[0].result], ['complete', { amount: 7 }, { answer: 42 }]);
  }));

test('a task that fails, or that a failed step blocks, is exit code 11', () =>
  withFakeServer(async ({ engine, weft, file }) => {
    const template = await file('t.yaml', FAKE_TEMPLATE);
    const failure = { code: 'x', message: 'no', retryable: false };
    for (const to of ['error', 'blocked_by_failures'] as const) {
      engine.onSubmit = ({ task_id }) =>
        engine.happen(
          task_id,
          { kind: 'step_enqueued', ...attempt(task_id) },
          { kind: 'step_errored', ...attempt(task_id), failure },
          { kind: 'task_status_changed', to },
        );
      const { code, stdout } = await weft('run', template);
      assert.equal([code, JSON.parse(stdout).status], [11, to]);
    }
  }));

test('waits at a gate until somebody answers', () =>
  withFakeServer(async ({ engine, weft, file }) => {
    let waiting = '';
    engine.onSubmit = ({ task_id }) => {
      waiting = task_id;
      suspend(engine, task_id);
    };
    engine.onAct = (name) => {
      if (name === 'signal') setImmediate(() => complete(engine, waiting));
    };
    const run = weft('run', await file('t.yaml', FAKE_TEMPLATE));
    while (waiting === '') await new Promise(setImmediate);
    assert.is((await weft('gate', 'approve', waiting, '--role', 'manager')).code, 0);
    assert.is((await run).code, 0);
  }));

test('--no-wait ends at a gate with exit code 13', () =>
  withFakeServer(async ({ engine, weft, file }) => {
    engine.onSubmit = ({ task_id }) => suspend(engine, task_id);
    const { code, stdout } = await weft('run', await file('t.yaml', FAKE_TEMPLATE), '--no-wait');
    assert.equal([code, JSON.parse(stdout).status], [13, 'waiting']);
  }));

test('on a terminal the timeline runs on stderr, and says how to answer a gate', () =>
  withFakeServer(async ({ engine, url, file }) => {
    engine.onSubmit = ({ task_id }) => suspend(engine, task_id);
    const argv = ['run', await file('t.yaml', FAKE_TEMPLATE), '--no-wait'];
    const { stderr, stdout } = await runCli(argv, { env: { WEFT_URL: url }, terminal: true });
    const { task_id } = JSON.parse(stdout);
    assert.match(stderr, '◆');
    assert.match(stderr, `weft gate approve ${task_id} only --role manager`);
  }));

test('interrupted, it leaves the task to go on elsewhere', () =>
  withFakeServer(async ({ engine, url, file }) => {
    const interruption = new AbortController();
    engine.onSubmit = ({ task_id }) => {
      suspend(engine, task_id);
      setTimeout(() => interruption.abort(), 20);
    };
    const argv = ['run', await file('t.yaml', FAKE_TEMPLATE)];
    const aborted = once(interruption.signal, 'abort');
    const { code, stdout, stderr } = await runCli(argv, { env: { WEFT_URL: url }, interrupted: interruption.signal });
    await aborted;
    assert.equal([code, JSON.parse(stdout).status], [130, 'waiting']);
    assert.match(stderr, 'goes on with the next');
  }));
