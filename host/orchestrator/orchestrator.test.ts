import fc from 'fast-check';
import { pino } from 'pino';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import type { TaskState } from '../../kernel/task/state.ts';
import { bursts, COMPILED, ENV, TASKS, type Told } from '../../testing/arbitrary_commands.ts';
import { memoryTransport } from '../../testing/engine_rig.ts';
import { assert, suite } from '../../testing/suite.ts';
import { BlobCodec } from '../blobs/codec.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import { NO_FAULTS } from '../faults.ts';
import { loadSecrets } from '../imports/secrets.ts';
import type { DispatchRow, Store, TaskCommit, TimerRow, WaitingRow } from '../store/port.ts';
import { type DispatchData, readDispatch } from '../transport/messages.ts';
import { Announcer } from './announce.ts';
import { timerRows } from './commit_plan.ts';
import { Orchestrator } from './orchestrator.ts';
import { Watchers } from './watchers.ts';

const test = suite('orchestrator');

/** The rows of a store in memory, changed as its port says. */
class Rows {
  readonly dispatches = new Map<string, DispatchRow>();
  readonly timers = new Map<string, TimerRow>();
  readonly waiting = new Map<string, WaitingRow>();

  readonly store = {
    commit: async (commit: TaskCommit) => {
      await new Promise((resolve) => setImmediate(resolve));
      for (const id of commit.undispatched) this.dispatches.delete(id);
      for (const row of commit.dispatched) this.dispatches.set(row.step_id, row);
      for (const id of commit.timers_cleared) {
        for (const [key, row] of this.timers) if (row.step_id === id) this.timers.delete(key);
      }
      for (const row of commit.timers_set) this.timers.set(`${row.step_id}/${row.kind}/${row.name}`, row);
      for (const id of commit.waiting_cleared) this.waiting.delete(id);
      for (const row of commit.waiting_set) this.waiting.set(row.step_id, row);
    },
    dueTimers: async () => [],
    nextTimerAt: async () => undefined,
  } as Partial<Store> as Store;
}

async function opened(
  use: (orchestrator: Orchestrator, rows: Rows, sent: DispatchData[]) => Promise<void>,
): Promise<void> {
  const rows = new Rows();
  const logger = pino({ level: 'silent' });
  const transport = memoryTransport();
  const sent: DispatchData[] = [];
  await transport.consumeSteps(['*'], { prefetch: 1_000 }, (delivery) => {
    sent.push(readDispatch(delivery.message)!);
    delivery.ack();
  });
  const orchestrator = new Orchestrator({
    store: rows.store,
    transport,
    env: ENV,
    secrets: await loadSecrets({}, 'salt'),
    logger,
    faults: NO_FAULTS,
    clock: { ...SYSTEM_CLOCK, now: () => 2_000 },
    loadTemplate: async () => COMPILED,
    canRun: () => true,
    watchers: new Watchers(),
    catalog: () => [],
    announcer: new Announcer(createHooks(), logger),
    blobs: new BlobCodec(),
    cachedTasksMax: 100,
    stuckAfterMs: 0,
    snapshotEventsMin: 1_000,
  });
  try {
    await use(orchestrator, rows, sent);
  } finally {
    await orchestrator.close();
    await transport.close();
  }
}

async function tell(orchestrator: Orchestrator, told: readonly Told[][]): Promise<void> {
  for (const task_id of TASKS) {
    const command = { kind: 'create', at: 1_000, task_id, context: {}, submitted_by: 'ada' } as const;
    await orchestrator.create(command, { compiled: COMPILED }, () => undefined);
  }
  for (const burst of told) {
    await Promise.allSettled(burst.map(({ task, command }) => orchestrator.perform(task, command, () => undefined)));
  }
}

/** The rows that a task in this state must have. */
function due(state: TaskState) {
  const steps = [...state.steps.values()];
  return {
    dispatches: steps
      .filter(({ status }) => status === 'enqueued' || status === 'waiting_for_worker')
      .map(({ id, attempt, activation }) => ({ id, attempt, activation })),
    timers: steps.flatMap((step) => timerRows(state, step)),
    waiting: steps.filter(({ status }) => status === 'waiting_for_input').map(({ id }) => id),
  };
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

test('the rows of a task are those its state calls for, however its commands shared commits', () =>
  fc.assert(
    fc.asyncProperty(bursts, (told) =>
      opened(async (orchestrator, rows) => {
        await tell(orchestrator, told);
        for (const task of TASKS) {
          const expected = await orchestrator.look(task, due);
          const own = {
            of: <T extends { task_id: string }>(all: Map<string, T>) =>
              [...all.values()].filter((row) => row.task_id === task),
          };
          const dispatches = own
            .of(rows.dispatches)
            .map(({ step_id, attempt, activation }) => ({ id: step_id, attempt, activation }));
          assert.equal(dispatches.sort(byText), expected.dispatches.sort(byText));
          assert.equal(own.of(rows.timers).sort(byText), expected.timers.sort(byText));
          assert.equal(
            own
              .of(rows.waiting)
              .map(({ step_id }) => step_id)
              .sort(),
            expected.waiting.sort(),
          );
        }
      }),
    ),
    { numRuns: 150 },
  ));

test('every dispatch that waits for an answer was sent', () =>
  fc.assert(
    fc.asyncProperty(bursts, (told) =>
      opened(async (orchestrator, _rows, sent) => {
        await tell(orchestrator, told);
        await new Promise((resolve) => setImmediate(resolve));
        const names = sent.map(({ identity }) => `${identity.step_id}/${identity.attempt}/${identity.activation}`);
        const open: string[] = [];
        for (const task of TASKS) {
          const enqueued = await orchestrator.look(task, ({ steps }) =>
            [...steps.values()].filter(({ status }) => status === 'enqueued'),
          );
          open.push(...enqueued.map(({ id, attempt, activation }) => `${id}/${attempt}/${activation}`));
        }
        assert.equal(
          open.filter((name) => !names.includes(name)),
          [],
        );
      }),
    ),
    { numRuns: 100 },
  ));
