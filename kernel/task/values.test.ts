import { assert, suite } from '../../testing/suite.ts';
import type { Json } from '../json.ts';
import type { CreatedStep, TaskEvent } from './events.ts';
import { mapValues } from './values.ts';

const test = suite('values of events');

const OF_STEP = { step_id: 't.0', at: 1, attempt: 1, activation: 0 };
const FAILURE = { code: 'broken', message: 'it broke', retryable: false };
const ACT = { by: 'ada', reason: 'because' };
const worker = (index: number, item: Json): CreatedStep => ({
  id: `t.0.${index}`,
  name: `work[${index}]`,
  dependencies: [],
  pin: null,
  provenance: { created_by: 'batch_spawn' },
  batch: { index, item },
});
const frame: CreatedStep = {
  id: 't.0',
  name: 'a',
  dependencies: [],
  pin: null,
  provenance: { created_by: 'template' },
};

/** Events with a number in every place where a value stands. */
const EVENTS: readonly TaskEvent[] = [
  {
    kind: 'task_created',
    at: 1,
    task_id: 't',
    template: { name: 'x', namespace: 'default', version: '1.0.0', digest: 'sha256:0' },
    context: { n: 1 },
    submitted_by: 'ada',
  },
  { kind: 'steps_created', at: 1, steps: [frame, worker(0, 2), worker(1, 3)] },
  { kind: 'step_completed', ...OF_STEP, result: 4, receipt: { broker: 'b', claimed_at: 1, run_ms: 9 } },
  { kind: 'step_retry_scheduled', ...OF_STEP, failure: { ...FAILURE, details: 5 }, retry_at: 9 },
  { kind: 'step_errored', ...OF_STEP, failure: { ...FAILURE, details: 6 } },
  {
    kind: 'step_suspended',
    ...OF_STEP,
    state: 7,
    request: { title: 'well?', audience: ['ada'], about: 11 },
    signals: 8,
    deadlines: [],
  },
  {
    kind: 'step_signalled',
    step_id: 't.0',
    at: 1,
    signal: { id: 's', at: 1, principal: 'ada', roles: [], data: 9 },
  },
  { kind: 'step_resolved_manually', step_id: 't.0', at: 1, result: 10, ...ACT },
  { kind: 'task_paused', at: 1, ...ACT },
];

test('every place is visited once, whole values and nothing else', () => {
  const seen: Json[] = [];
  for (const event of EVENTS) {
    mapValues(event, (value) => {
      seen.push(value);
      return value;
    });
  }
  assert.equal(seen, [{ n: 1 }, 2, 3, 4, 5, 6, 7, 8, 11, 9, 10]);
});

test('an event whose values stay is the same event', () => {
  for (const event of EVENTS)
    assert.is(
      mapValues(event, (value) => value),
      event,
    );
});

test('what is put in the places of values is there, and the event before is as it was', () => {
  for (const event of EVENTS) {
    const before = structuredClone(event);
    const mapped = mapValues(event, (value) => ({ of: value }));
    assert.equal(event, before);
    assert.equal(
      mapValues(mapped, (value) => (value as { of: Json }).of),
      before,
    );
  }
});

test('a failure without details and a step that is no worker have no value', () => {
  const none: readonly TaskEvent[] = [
    { kind: 'step_errored', ...OF_STEP, failure: FAILURE },
    { kind: 'steps_created', at: 1, steps: [frame] },
  ];
  const visited = (): Json => {
    throw new Error('there is no value');
  };
  for (const event of none) assert.is(mapValues(event, visited), event);
});
