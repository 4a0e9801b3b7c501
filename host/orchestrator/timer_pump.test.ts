import { WeftError } from '../../kernel/errors.ts';
import type { Command } from '../../kernel/task/commands.ts';
import { assert, suite } from '../../testing/suite.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import type { TimerRow } from '../store/port.ts';
import { TimerPump } from './timer_pump.ts';

const test = suite('timer pump');

function row(step_id: string, at: number, name = 'late'): TimerRow {
  return { task_id: 't', step_id, attempt: 1, activation: 0, kind: 'deadline', name, at };
}

/** Timers in memory; one goes when it was fired. `wrong` says how a step's timers fail. */
function timers(rows: TimerRow[], wrong: (step_id: string) => unknown = () => undefined) {
  const fired: string[] = [];
  const errors: string[] = [];
  const awaited: { count: number; resolve: () => void }[] = [];
  const pump = new TimerPump({
    store: {
      dueTimers: async (now, limit) =>
        rows
          .filter(({ at }) => at <= now)
          .sort((a, b) => a.at - b.at)
          .slice(0, limit),
      nextTimerAt: async (after) =>
        rows
          .map(({ at }) => at)
          .filter((at) => at > after)
          .sort((a, b) => a - b)[0],
    },
    clock: SYSTEM_CLOCK,
    fire: async (_task, command: Command) => {
      const { step_id } = command as Extract<Command, { kind: 'fire_deadline' }>;
      const error = wrong(step_id);
      if (error !== undefined) throw error;
      rows.splice(
        rows.findIndex((each) => each.step_id === step_id),
        1,
      );
      fired.push(step_id);
      for (const { count, resolve } of awaited) if (fired.length >= count) resolve();
    },
    onError: (error) => errors.push((error as Error).message),
  });
  const untilFired = (count: number): Promise<void> =>
    fired.length >= count ? Promise.resolve() : new Promise((resolve) => awaited.push({ count, resolve }));
  return { pump, fired, errors, untilFired };
}

test('what is overdue at the start fires at once, earliest first; the rest when it is due', async () => {
  const now = Date.now();
  const { pump, fired, untilFired } = timers([
    row('c', now + 40),
    row('b', now - 1),
    row('a', now - 1_000),
    row('d', now + 3_600_000),
  ]);
  await pump.start();
  assert.equal(fired, ['a', 'b']);
  await untilFired(3);
  assert.ok(Date.now() >= now + 40);
  await pump.close();
  assert.equal(fired, ['a', 'b', 'c']);
});

test('a timer that is due before the one slept for wakes the pump', async () => {
  const rows = [row('far', Date.now() + 3_600_000)];
  const { pump, fired, untilFired } = timers(rows);
  await pump.start();
  rows.push(row('near', Date.now() + 20));
  pump.scheduled(rows[1]!.at);
  await untilFired(1);
  assert.equal(fired, ['near']);
  await pump.close();
});

test('a timer that is set while others fire is not forgotten', async () => {
  const rows = [row('first', 1)];
  const { pump, untilFired } = timers(rows, (step_id) => {
    if (step_id !== 'first' || rows.length > 1) return undefined;
    rows.push(row('second', 2));
    pump.scheduled(2);
    return undefined;
  });
  await pump.start();
  await untilFired(2);
  await pump.close();
});

test('timers that can never fire are told of once and keep no others waiting', async () => {
  const dead = Array.from({ length: 300 }, (_, i) => row(`dead${i}`, i));
  const rows = [...dead, row('alive', 1_000), row('later', Date.now() + 30)];
  const { pump, fired, errors, untilFired } = timers(rows, (step_id) =>
    step_id.startsWith('dead') ? new WeftError('task_not_found', { task_id: 't' }) : undefined,
  );
  await pump.start();
  await untilFired(2);
  assert.equal(fired, ['alive', 'later']);
  assert.is(errors.length, 300);
  await pump.close();
});

test('timers that a store does not take now are tried again', async () => {
  let failures = 1;
  const { pump, fired, errors, untilFired } = timers([row('a', 1), row('b', 2)], (step_id) =>
    step_id === 'a' && failures-- > 0 ? new WeftError('store_unavailable', { problem: 'the test says so' }) : undefined,
  );
  await pump.start();
  assert.equal([fired, errors.length], [['b'], 2]);
  await untilFired(2);
  await pump.close();
});

test('a closed pump fires nothing', async () => {
  const rows = [row('a', Date.now() + 10)];
  const { pump, fired } = timers(rows);
  await pump.start();
  await pump.close();
  pump.scheduled(0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(fired, []);
});
