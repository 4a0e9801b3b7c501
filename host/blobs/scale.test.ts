import type { Json, JsonObject } from '../../kernel/json.ts';
import { Rig, step, submission } from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { assert, suite } from '../../testing/suite.ts';
import { loadConfig } from '../config/load.ts';
import type { Engine, Submission, TaskView } from '../orchestrator/port.ts';

const test = suite('ten thousand results of a kilobyte');

const MANY = 10_000;
const KILOBYTE = 'x'.repeat(1_000);

/** The task once it moves no more; however long that takes on a busy machine. */
async function played(engine: Engine, given: Submission): Promise<TaskView> {
  const { task } = await engine.submit(given);
  for await (const { event } of engine.watch(task.task_id, 0, new AbortController().signal)) {
    if (event.kind === 'step_errored') break;
  }
  return engine.task(task.task_id);
}

const resultOf = ({ steps }: TaskView, name: string): Json => steps.find((each) => each.name === name)!.result;

test('converge from ten thousand workers', () =>
  Rig.with(async (rig) => {
    const spread: NativeHandler = {
      name: 'spread',
      run: () => ({
        kind: 'batches',
        items: Array.from({ length: MANY }, (_, index) => index),
        max_concurrency: 100,
        result: { tolerance: {} },
      }),
    };
    const give: NativeHandler = { name: 'give', run: () => ({ kind: 'complete', result: KILOBYTE }) };
    const gather: NativeHandler = {
      name: 'gather',
      run: ({ inputs }) => {
        const { items } = inputs as unknown as { readonly items: readonly { readonly result: Json }[] };
        return { kind: 'complete', result: items.map(({ result }) => result) };
      },
    };
    const { engine } = await rig.start({ handlers: [spread, give, gather] });
    const task = await played(
      engine,
      submission([
        step('spread', { type: 'batchable', catalog: 'spread' }),
        step('work', { type: 'batch_worker', catalog: 'give', dependencies: ['spread'] }),
        step('end', { catalog: 'gather', dependencies: ['work'], inputs: { items: '${steps.work.results}' } }),
      ]),
    );
    assert.is(task.status, 'complete');
    assert.is(JSON.stringify(resultOf(task, 'end')).length, MANY * (KILOBYTE.length + 3) + 1);
  }));

test('are brought together by the aggregate in a cell, within the limits that nobody has set', () =>
  Rig.with(async (rig) => {
    const { limits } = await loadConfig({ cwd: rig.directory, env: {} });
    // The results come as the context here: ten thousand runs in cells would take minutes.
    const config = { limits: { ...limits, context_bytes_max: 2 * MANY * KILOBYTE.length } };
    const { engine } = await rig.start({ handlers: 'cells', config });
    const items = Array.from({ length: MANY }, (_, index) => ({
      index,
      status: 'complete',
      result: { [`k${index}`]: KILOBYTE },
    }));
    const bring = (name: string, how: JsonObject): JsonObject =>
      step(name, { catalog: 'aggregate', config: how, inputs: { items: '${task.context.items}' } });
    const steps = [bring('all', { concat: {} }), bring('merged', { merge: {} })];
    const task = await played(engine, submission(steps, { context: { items } }));
    assert.is(task.status, 'complete', JSON.stringify(task.steps.map(({ failure }) => failure)));
    const [all, merged] = ['all', 'merged'].map((name) => resultOf(task, name) as unknown as { readonly value: Json });
    assert.equal((all!.value as readonly Json[])[MANY - 1], { [`k${MANY - 1}`]: KILOBYTE });
    assert.is(Object.keys(merged!.value as JsonObject).length, MANY);
  }));
