import { WeftError } from '../../kernel/errors.ts';
import { pointerToken } from '../../kernel/schema/pointer.ts';
import type { Engine, StepView, TaskView } from '../orchestrator/port.ts';
import { type Script, scriptOf } from './script.ts';
import type { Shares } from './shares.ts';
import type { CannedSignal, TemplateTest } from './test_file.ts';
import type { VirtualClock } from './virtual_clock.ts';

/** How a task was played. */
export interface Played {
  readonly task: TaskView;
  /** Signals that were refused, and steps that never waited for theirs. */
  readonly problems: readonly { readonly pointer: string; readonly message: string }[];
}

/** How many turns of the event loop a timer has to show that it did something. */
const TURNS_MAX = 1_000;

/**
 * Plays a task to where it stays: while steps run it waits for them, then it sends what people say, then it lets time
 * pass. A task that is expected to wait is left at its gates.
 */
export async function play(
  engine: Engine,
  clock: VirtualClock,
  task_id: string,
  test: TemplateTest,
  shares: Shares,
): Promise<Played> {
  const said = new Map<string, number>();
  const heard = new Set<string>();
  const since = new Map<string, number>();
  const problems: { pointer: string; message: string }[] = [];
  for (;;) {
    const task = await engine.task(task_id);
    const running = task.steps.some(({ status }) => status === 'enqueued');
    if (task.settled_at !== null || (task.status === 'blocked_by_failures' && !running)) {
      return { task, problems: [...problems, ...unsaid(test, heard)] };
    }
    if (running) {
      await nextEvent(engine, task);
      continue;
    }
    const waiting = task.steps.filter(({ status }) => status === 'waiting_for_input');
    for (const { step_id } of waiting) if (!since.has(step_id)) since.set(step_id, clock.now());
    const scripted = await Promise.all(
      waiting.map(async (step) => ({ step, script: scriptOf(test, step.name, await shares.of({ task_id, ...step })) })),
    );
    const due = nextSignal(scripted, said, since);
    const timer = clock.nextAt();
    if (due !== undefined && due.at <= Math.max(clock.now(), timer === undefined ? due.at : 0)) {
      clock.advanceTo(due.at);
      said.set(due.step.step_id, due.index + 1);
      const { pointer } = due;
      heard.add(pointer);
      await send(engine, task_id, due).catch((error: unknown) => {
        if (!(error instanceof WeftError)) throw error;
        problems.push({ pointer, message: `the signal was refused: ${error.message}` });
      });
      continue;
    }
    const retrying = task.steps.some(({ status }) => status === 'waiting_for_retry');
    const stays = test.expect.status === 'waiting' && !retrying && due === undefined;
    if (timer === undefined || stays) return { task, problems: [...problems, ...unsaid(test, heard)] };
    await pass(engine, clock, Math.min(timer, due?.at ?? timer), task);
  }
}

interface DueSignal {
  readonly step: StepView;
  readonly index: number;
  /** Where the test has it. */
  readonly pointer: string;
  readonly at: number;
  readonly signal: CannedSignal;
}

function nextSignal(
  waiting: readonly { readonly step: StepView; readonly script: Script }[],
  said: ReadonlyMap<string, number>,
  since: ReadonlyMap<string, number>,
): DueSignal | undefined {
  const due = waiting.flatMap(({ step, script: { signals, signals_pointer } }) => {
    const index = said.get(step.step_id) ?? 0;
    const signal = signals[index];
    if (signal === undefined) return [];
    const at = since.get(step.step_id)! + (signal.after_ms ?? 0);
    return [{ step, index, pointer: `${signals_pointer}/${index}`, signal, at }];
  });
  return due.sort((a, b) => a.at - b.at)[0];
}

async function send(engine: Engine, task_id: string, { step, index, signal }: DueSignal): Promise<void> {
  const actor = { principal: signal.by, roles: signal.roles ?? [] };
  await engine.signal(task_id, step.step_id, { signal_id: `signal ${index}`, data: signal.data }, actor);
}

async function nextEvent(engine: Engine, { task_id, seq }: TaskView): Promise<void> {
  for await (const _ of engine.watch(task_id, seq, new AbortController().signal)) return;
}

/** Lets time pass, and gives what is due then a chance to happen. */
async function pass(engine: Engine, clock: VirtualClock, at: number, { task_id, seq }: TaskView): Promise<void> {
  clock.advanceTo(at);
  for (let turn = 0; turn < TURNS_MAX && clock.nextAt() === undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if ((await engine.task(task_id)).seq !== seq) return;
  }
}

/** Signals of a step or of a batch's workers that nobody ever heard. */
function unsaid({ steps }: TemplateTest, heard: ReadonlySet<string>) {
  return Object.entries(steps).flatMap(([name, { signals, workers = [] }]) => {
    const pointer = `/steps/${pointerToken(name)}`;
    const lists = [
      { signals, under: pointer, message: 'the step did not wait for this signal' },
      ...workers.map(({ signals: own }, at) => ({
        signals: own,
        under: `${pointer}/workers/${at}`,
        message: 'no worker waited for this signal',
      })),
    ];
    return lists.flatMap(({ signals: list = [], under, message }) => {
      const first = list.findIndex((_, index) => !heard.has(`${under}/signals/${index}`));
      return first === -1 ? [] : [{ pointer: `${under}/signals/${first}`, message }];
    });
  });
}
