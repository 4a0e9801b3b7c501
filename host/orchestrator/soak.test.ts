import { WeftError } from '../../kernel/errors.ts';
import type { Json } from '../../kernel/json.ts';
import { journal, memoryTransport, Rig, settled, step, submission } from '../../testing/engine_rig.ts';
import { type NativeHandler, StepFailure } from '../../testing/native_executor.ts';
import { Random } from '../../testing/simulator/random.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Store } from '../store/port.ts';
import type { Engine } from './port.ts';

const test = suite('engine: everything at once');

const SEEDS = 3;
const TASKS = 12;
const ACT = { by: 'ada', reason: 'because' };
const RETRY = { max_attempts: 20, backoff: 'none', base_ms: 1, max_ms: 20, jitter: 1 };

/** Handlers that fail, take their time, choose and wait, as the seed says. */
function handlers(random: Random): NativeHandler[] {
  const unsteady = async (): Promise<void> => {
    if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(15)));
    if (random.chance(0.2)) throw new StepFailure({ retryable: true });
  };
  return [
    {
      name: 'work',
      run: async ({ identity }) => {
        await unsteady();
        return { kind: 'complete', result: { by: identity.step_name } };
      },
    },
    {
      name: 'router',
      run: async () => {
        await unsteady();
        return { kind: 'branch', steps: ['left', 'right'].filter(() => random.chance(0.6)), result: {} };
      },
    },
    {
      name: 'gate',
      run: async ({ resume }) => {
        await unsteady();
        if (resume !== undefined) return { kind: 'complete', result: resume.fired ?? 'signalled' };
        const deadlines = [{ name: 'late', after_ms: random.below(80) }];
        return { kind: 'suspend', state: {}, request: { title: 'Go?' }, signals: {}, deadlines };
      },
    },
  ];
}

const work = (name: string, dependencies: string[] = [], rest: { [key: string]: Json } = {}) =>
  step(name, { catalog: 'work', retry: RETRY, dependencies, ...rest });

const STEPS = [
  work('first'),
  step('gate', { catalog: 'gate', retry: RETRY, dependencies: ['first'] }),
  step('route', { type: 'decision', catalog: 'router', retry: RETRY, dependencies: ['first'] }),
  work('left', ['route']),
  work('right', ['route']),
  work('after_left', ['left']),
  ...Array.from({ length: 5 }, (_, i) => work(`fan${i}`, ['first'])),
  work('end', ['after_left', 'right', 'gate', 'fan0', 'fan4'], { type: 'deferred' }),
];

/** A store whose commits sometimes fail. */
function unreliable(random: Random): (store: Store) => Store {
  return (store) =>
    new Proxy(store, {
      get: (target, name: keyof Store) =>
        name === 'commit' && random.chance(0.05)
          ? () => Promise.reject(new WeftError('store_unavailable', { problem: 'the test says so' }))
          : target[name].bind(target),
    });
}

/** Asks until the store takes it. */
async function firmly<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as WeftError).code !== 'store_unavailable') throw error;
    }
  }
}

async function submit(engine: Engine, key: string): Promise<string> {
  const { task } = await firmly(() => engine.submit(submission(STEPS, { idempotency_key: key })));
  return task.task_id;
}

/** Somebody who pauses, resumes, signals and retries whatever comes along. */
async function meddle(engine: Engine, random: Random, tasks: readonly string[]): Promise<void> {
  const taskId = random.pick(tasks);
  const acts = [
    () => engine.pause(taskId, ACT),
    () => engine.resume(taskId, ACT),
    () => engine.retryStep(taskId, 'first', ACT),
    () => engine.signal(taskId, 'gate', { signal_id: `${random.below(3)}`, data: {} }, { principal: 'ada', roles: [] }),
    () => engine.step(taskId, 'no such step'),
  ];
  await random
    .pick(acts)()
    .catch((error: WeftError) => assert.ok(error.kind === 'reject' || error.kind === 'retry', error));
}

async function soak(rig: Rig, seed: number): Promise<void> {
  const random = new Random(seed);
  /** What is lost stays lost until the next start, so nothing is in the last life. */
  const start = (drop: number): ReturnType<Rig['start']> => {
    const faults = { drop, duplicate: 0.1, reorder: 0.3, seed: seed + random.below(1_000) };
    return firmly(() => {
      const parts = {
        transport: memoryTransport(faults),
        throughStore: unreliable(random),
        cached_tasks_max: 3,
        blob_threshold_bytes: 8,
      };
      return rig.start({ handlers: handlers(random), parts });
    });
  };
  const tasks: string[] = [];
  const live = async (engine: Engine): Promise<void> => {
    for (let i = 0; i < TASKS / 4; i++) tasks.push(await submit(engine, `${seed}/${tasks.length}`));
    for (let i = 0; i < 25; i++) {
      await meddle(engine, random, tasks);
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  for (let life = 0; life < 3; life++) {
    const { engine, close } = await start(0.02);
    await live(engine);
    await close();
  }
  const { engine } = await start(0);
  await live(engine);
  for (const [index, taskId] of tasks.entries()) {
    assert.is(await submit(engine, `${seed}/${index}`), taskId);
    await firmly(() => engine.resume(taskId, ACT)).catch((error: WeftError) => assert.is(error.code, 'task_settled'));
    const task = await firmly(() => settled(engine, taskId));
    assert.is(task.status, 'complete');
    const completed = (await journal(engine, taskId)).flatMap((event) =>
      event.kind === 'step_completed' ? [event.step_id] : [],
    );
    assert.equal(completed.sort(), task.steps.map(({ step_id }) => step_id).sort());
  }
  assert.equal((await engine.waiting({ limit: 10 })).items, []);
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`tasks end whole through lost messages, failing commits, restarts and meddling (seed ${seed})`, () =>
    Rig.with((rig) => soak(rig, seed)));
}
