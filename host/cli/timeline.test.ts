import type { CreatedStep, TaskEvent } from '../../kernel/task/events.ts';
import { assert, suite } from '../../testing/suite.ts';
import { type Paint, plain } from './io.ts';
import { Timeline } from './timeline.ts';

const test = suite('timeline');

const START = 1_700_000_000_000;
const pin = { name: 'transform', version: '1.0.0', digest: 'sha256:0' };
const created = (id: string, name: string): CreatedStep => ({
  id,
  name,
  dependencies: [],
  pin,
  provenance: { created_by: 'template' },
});
const at = (ms: number) => START + ms;
const first = (step_id: string) => ({ step_id, attempt: 1, activation: 0 });

const BEGIN: readonly TaskEvent[] = [
  {
    kind: 'task_created',
    at: START,
    task_id: 't1',
    template: { name: 'orders', namespace: 'default', version: '1.0.0', digest: 'sha256:0' },
    context: {},
    submitted_by: 'ada',
  },
  { kind: 'steps_created', at: START, steps: [created('t1.0', 'fetch'), created('t1.1', 'approve_it')] },
];

function tell(events: readonly TaskEvent[], paint: Paint = plain): readonly string[] {
  const timeline = new Timeline(paint);
  return [...BEGIN, ...events].map((event) => timeline.line(event)).filter((line) => line !== undefined);
}

test('tells a task from its creation to its end', () => {
  const failure = { code: 'http_status', message: '503 from the server', retryable: true };
  const request = { title: 'Approve?', audience: ['role:manager', 'grace'] };
  const signal = {
    id: 's',
    at: at(65_000),
    principal: 'grace',
    roles: [],
    data: { decision: 'approve' },
    reason: 'fine',
  };
  const lines = tell([
    { kind: 'step_enqueued', at: at(4), ...first('t1.0') },
    { kind: 'task_status_changed', at: at(4), to: 'running' },
    { kind: 'step_retry_scheduled', at: at(240), ...first('t1.0'), failure, retry_at: at(1_440) },
    { kind: 'step_enqueued', at: at(1_440), step_id: 't1.0', attempt: 2, activation: 0 },
    {
      kind: 'step_completed',
      at: at(1_500),
      step_id: 't1.0',
      attempt: 2,
      activation: 0,
      result: {},
      branch: ['approve_it'],
    },
    { kind: 'step_enqueued', at: at(1_500), ...first('t1.1') },
    {
      kind: 'step_suspended',
      at: at(1_510),
      ...first('t1.1'),
      state: null,
      request,
      signals: {},
      deadlines: [
        { name: 'escalate', at: Date.UTC(2030, 0, 2) },
        { name: 'remind', at: Date.UTC(2030, 0, 1) },
      ],
    },
    { kind: 'step_signalled', at: at(65_000), step_id: 't1.1', signal },
    { kind: 'step_enqueued', at: at(65_000), step_id: 't1.1', attempt: 1, activation: 1 },
    { kind: 'step_completed', at: at(65_010), step_id: 't1.1', attempt: 1, activation: 1, result: {} },
    { kind: 'task_status_changed', at: at(65_010), to: 'complete' },
  ]);
  assert.equal(lines, [
    '    0.000  orders 1.0.0  t1',
    '    0.004  ▸ fetch',
    '    0.240  ↻ fetch       503 from the server (http_status); attempt 2 in 1.2 s',
    '    1.440  ▸ fetch       attempt 2',
    '    1.500  ✔ fetch       60 ms  → approve_it',
    '    1.500  ▸ approve_it',
    '    1.510  ◆ approve_it  waits: Approve? (asks role:manager, grace), "remind" at 2030-01-01 00:00:00Z',
    ' 1:05.000  ✎ approve_it  answered by grace: approve — fine',
    ' 1:05.010  ✔ approve_it  1 min 3 s',
    ' 1:05.010  ■ complete  2 steps in 1 min 5 s',
  ]);
});

test('tells what operators do and how tasks end badly', () => {
  const failure = { code: 'boom', message: 'it broke', retryable: false };
  const act = { by: 'ada', reason: 'because' };
  const lines = tell([
    { kind: 'task_paused', at: at(1), ...act },
    { kind: 'task_resumed', at: at(2), ...act },
    { kind: 'step_errored', at: at(3), ...first('t1.0'), failure },
    { kind: 'task_status_changed', at: at(3), to: 'blocked_by_failures' },
    { kind: 'step_retried_by_operator', at: at(4), step_id: 't1.0', ...act },
    { kind: 'step_resolved_manually', at: at(5), step_id: 't1.0', result: {}, ...act },
    { kind: 'task_cancel_requested', at: at(6), ...act },
    { kind: 'step_cancelled', at: at(6), step_id: 't1.1', reason: 'because' },
    { kind: 'task_status_changed', at: at(6), to: 'cancelled', reason: 'because' },
  ]).map((line) => line.slice(11));
  assert.equal(lines.slice(1), [
    '‖ paused by ada: because',
    '‖ resumed by ada: because',
    '✖ fetch       it broke (boom)',
    '■ blocked: a failed step holds the rest back',
    '↻ fetch       retried by ada: because',
    '✔ fetch       resolved by ada: because',
    '‖ cancelled by ada: because',
    '⊘ approve_it  cancelled',
    '■ cancelled: because  2 steps in 6 ms',
  ]);
});

test('says in a line what goes on', () => {
  const timeline = new Timeline();
  for (const event of BEGIN) timeline.line(event);
  timeline.line({ kind: 'step_enqueued', at: at(4), ...first('t1.0') });
  assert.is(timeline.status(at(1_000)), '1.000 · 1 running (fetch) · 0 of 2 settled');
  timeline.line({ kind: 'step_completed', at: at(5), ...first('t1.0'), result: null });
  assert.is(timeline.status(at(2_000)), '2.000 · 1 of 2 settled');
});

test('takes any event in, and shows what came from outside as plain text', () => {
  const unknown = { kind: 'something_newer', at: at(1), step_id: 't9.9' } as unknown as TaskEvent;
  assert.equal(tell([unknown]).length, 1);
  const failure = { code: 'x', message: 'a\u001b[31mb\nc', retryable: false };
  const [, line] = tell([{ kind: 'step_errored', at: at(1), ...first('t1.0'), failure }]);
  assert.match(line!, 'a\\u001b[31mb\\nc (x)');
});

test('colours signs, never the text of a task', () => {
  const paint: Paint = (format, text) => `<${String(format)}>${text}</>`;
  const lines = tell([{ kind: 'step_enqueued', at: at(4), ...first('t1.0') }], paint);
  assert.is(lines[1], '<dim>    0.004</>  <blue>▸</> fetch');
});
