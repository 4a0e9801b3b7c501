import fc from 'fast-check';
import type { Command, Environment, Outcome } from '../kernel/task/commands.ts';
import { compileTrusted } from '../kernel/template/compile.ts';
import { step, template } from './task_player.ts';

const RETRY = { max_attempts: 3, backoff: 'none' as const, base_ms: 10, max_ms: 10, jitter: 0 };
/** A small template with every kind of step and of `on_failure`. */
export const COMPILED = compileTrusted(
  template(
    step('route', { type: 'decision', retry: RETRY }),
    step('left', { dependencies: ['route'], retry: RETRY }),
    step('right', { dependencies: ['route'], on_failure: 'continue' }),
    step('end', { type: 'deferred', dependencies: ['left', 'right'] }),
    step('alone', { on_failure: 'fail_task' }),
  ),
  'sha256:hosted',
);
/** Surroundings that refuse nothing. */
export const ENV: Environment = {
  resolveHandler: (name) => ({ name, version: '1.0.0', digest: `sha256:${name}` }),
  checkDispatch: () => [],
  checkResult: () => [],
  checkSchema: () => [],
  checkSignal: () => [],
  checkOutput: () => [],
  outputSchema: () => undefined,
  callCap: () => undefined,
  validatePlan: () => ({ ok: false, diagnostics: [] }),
};

/** A command and the task it is for. */
export type Told = { readonly task: string; readonly command: Command };

/** Ids of the tasks that commands are for. */
export const TASKS = ['t0', 't1', 't2', 't3'] as const;

const tasks = fc.constantFrom(...TASKS);
const fence = (task: string) =>
  fc.record({
    step_id: fc.integer({ min: 0, max: 4 }).map((index) => `${task}.${index}`),
    attempt: fc.integer({ min: 1, max: 2 }),
    activation: fc.integer({ min: 0, max: 1 }),
  });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ kind: 'complete', result: { done: true } }),
  fc.subarray(['left', 'right']).map((steps): Outcome => ({ kind: 'branch', steps, result: {} })),
  fc.constant<Outcome>({
    kind: 'suspend',
    state: {},
    request: { title: 'asked' },
    signals: {},
    deadlines: [{ name: 'late', after_ms: 5 }],
  }),
);
const act = { at: 2_000, by: 'ada', reason: 'because' };

function commandOf(task: string): fc.Arbitrary<Command> {
  const at = 2_000;
  const fenced = fence(task);
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fenced, outcome)
        .map(([of, ended]): Command => ({ kind: 'record_outcome', at, ...of, outcome: ended })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fenced, fc.boolean()).map(
        ([of, retryable]): Command => ({
          kind: 'record_failure',
          at,
          ...of,
          failure: { code: 'f', message: 'm', retryable },
        }),
      ),
    },
    fenced.map((of): Command => ({ kind: 'fire_retry', at, ...of })),
    fenced.map((of): Command => ({ kind: 'fire_deadline', at, ...of, name: 'late' })),
    fenced.map((of): Command => ({ kind: 'record_unavailable', at, ...of })),
    fc.tuple(fenced, fc.nat({ max: 3 })).map(
      ([{ step_id }, n]): Command => ({
        kind: 'signal',
        at,
        step_id,
        signal_id: `${n}`,
        principal: 'p',
        roles: [],
        data: {},
      }),
    ),
    fenced.map(({ step_id }): Command => ({ kind: 'retry_step', step_id, ...act })),
    fenced.map(({ step_id }): Command => ({ kind: 'resolve_step', step_id, result: {}, branch: ['left'], ...act })),
    fc.constantFrom('pause' as const, 'resume' as const).map((kind): Command => ({ kind, ...act })),
    fc.constant<Command>({ kind: 'worker_available', at }),
  );
}

/** Commands to such tasks, made under `COMPILED`; each burst comes at once. */
export const bursts: fc.Arbitrary<Told[][]> = fc.array(
  fc.array(
    tasks.chain((task) => commandOf(task).map((command) => ({ task, command }))),
    { minLength: 1, maxLength: 8 },
  ),
  { minLength: 5, maxLength: 25 },
);
