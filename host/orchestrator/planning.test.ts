import type { Json, JsonObject } from '../../kernel/json.ts';
import { journal, Rig, refusal, settled, stepIs, submission } from '../../testing/engine_rig.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { fragmentOf, planned, ScriptedPlanner } from '../../testing/scripted_planner.ts';
import { assert, suite } from '../../testing/suite.ts';
import { planView } from '../cli/plan_view.ts';

const test = suite('a planning step');

/** Gives back its inputs. */
const echo: NativeHandler = {
  name: 'echo',
  run: async ({ inputs }) => ({ kind: 'complete', result: inputs }),
};

const planning = (rest: Readonly<Record<string, Json>> = {}): JsonObject => ({
  name: 'plan',
  type: 'planning',
  planner: 'scripted',
  goal: 'do it',
  ...rest,
});

const after: JsonObject = {
  name: 'after',
  handler: { catalog: 'echo' },
  dependencies: ['plan'],
  inputs: { of: '${plans.plan.output}' },
};

const start = (rig: Rig, planner: ScriptedPlanner, other?: ScriptedPlanner) =>
  rig.start({
    handlers: [echo],
    parts: { planners: { scripted: planner, ...(other === undefined ? {} : { other }) } },
  });

test('becomes the steps that its planner proposes, and ends with the result of their exit', () =>
  Rig.with(async (rig) => {
    const planner = new ScriptedPlanner([
      {
        fragment: fragmentOf(
          planned('a', { catalog: 'echo', inputs: { x: '${task.context.x}' } }),
          planned('b', { catalog: 'echo', dependencies: ['a'], inputs: { y: '${steps.a.result.x}' } }),
        ),
      },
    ]);
    const { engine } = await start(rig, planner);
    const steps = [
      planning({ convergence_target: 'after', output_schema: { type: 'object', required: ['y'] } }),
      after,
    ];
    const { task } = await engine.submit(submission(steps, { context: { x: 7 } }));
    const done = await settled(engine, task.task_id);
    assert.is(done.status, 'complete');
    assert.equal(
      done.steps.map(({ name, status, created_by, result }) => [name, status, created_by, result]),
      [
        ['plan', 'complete', 'template', { y: 7 }],
        ['after', 'complete', 'template', { of: { y: 7 } }],
        ['plan/1/a', 'complete', 'planning_step', { x: 7 }],
        ['plan/1/b', 'complete', 'planning_step', { y: 7 }],
      ],
    );
    assert.is(planner.requests.length, 1);
    assert.is(planner.requests[0]!.goal, 'do it');
    const events = await journal(engine, task.task_id);
    const kinds = events.map(({ kind }) => kind);
    assert.ok(kinds.indexOf('plan_answered') < kinds.indexOf('plan_accepted'));
    assert.is(kinds[kinds.indexOf('plan_accepted') + 1], 'steps_created');
    const answered = events.find((event) => event.kind === 'plan_answered')!;
    const text = Buffer.from(await engine.blob(answered.answer.blob)).toString();
    assert.equal(JSON.parse(text).convergence, { exit_step: 'b' });
  }));

test('is asked again with what was wrong, and fails once no attempt is left', () =>
  Rig.with(async (rig) => {
    const good = { fragment: fragmentOf(planned('a')) };
    const bad = { fragment: fragmentOf(planned('a', { catalog: 'ecko' })) };
    const planner = new ScriptedPlanner([bad, { text: 'I would rather not say' }, good]);
    const { engine } = await start(rig, planner);
    const { task } = await engine.submit(submission([planning()]));
    assert.is((await settled(engine, task.task_id)).status, 'complete');
    const [, second, third] = planner.requests;
    assert.is(second!.feedback[0]!.diagnostics[0]!.code, 'handler_unknown');
    assert.is(second!.feedback[0]!.answer, JSON.stringify(bad.fragment));
    assert.is(third!.feedback.length, 2);
    assert.equal(third!.constraints.attempts, { current: 3, max: 3 });

    const stubborn = await engine.submit(submission([planning({ max_attempts: 1, planner: 'recipes' })]));
    const failed = await stepIs(engine, stubborn.task.task_id, 'plan', 'error');
    assert.is(failed.steps[0]!.failure!['code'], 'no_recipe_fits');
    assert.is(failed.steps[0]!.dead_letter!.reason, 'refused');
  }));

test('falls back to the next planner', () =>
  Rig.with(async (rig) => {
    const broken = new ScriptedPlanner([
      { problem: { code: 'model_unauthorized', message: 'no key', retryable: false } },
    ]);
    const other = new ScriptedPlanner([{ fragment: fragmentOf(planned('a')) }]);
    const { engine } = await start(rig, broken, other);
    const { task } = await engine.submit(submission([planning({ fallback: ['other'] })]));
    assert.is((await settled(engine, task.task_id)).status, 'complete');
    assert.equal([broken.requests.length, other.requests.length], [1, 1]);
    const fell = (await journal(engine, task.task_id)).find(({ kind }) => kind === 'plan_fell_back');
    assert.ok(fell !== undefined);
  }));

test('shows its plan to a person first, when it is told to', () =>
  Rig.with(async (rig) => {
    const planner = new ScriptedPlanner([
      { fragment: fragmentOf(planned('a')) },
      { fragment: fragmentOf(planned('b')) },
    ]);
    const { engine } = await start(rig, planner);
    const { task } = await engine.submit(submission([planning({ plan_approval: 'always' })]));
    const waiting = await stepIs(engine, task.task_id, 'plan', 'waiting_for_input');
    assert.is(waiting.steps.length, 1);
    const { plan } = waiting.steps[0]!.waiting_for!.request as unknown as { plan: { bounds: { steps: number } } };
    assert.is(plan.bounds.steps, 1);
    const actor = { principal: 'ada', roles: [] };
    await engine.signal(task.task_id, 'plan', { signal_id: '1', data: { approved: false, comment: 'b!' } }, actor);
    await stepIs(engine, task.task_id, 'plan', 'waiting_for_input');
    assert.is(planner.requests[1]!.feedback[0]!.diagnostics[0]!.message, 'b!');
    await engine.signal(task.task_id, 'plan', { signal_id: '2', data: { approved: true } }, actor);
    const done = await settled(engine, task.task_id);
    assert.equal(
      done.steps.map(({ name }) => name),
      ['plan', 'plan/1/b'],
    );
  }));

test('never spends more than the budget has, and says so when it is spent', () =>
  Rig.with(async (rig) => {
    const usage = { input_tokens: 60, output_tokens: 20, cache_read_tokens: 0, cost_usd: 0.5 };
    const planner = new ScriptedPlanner([{ text: 'no', usage }], { llm_calls: 1, tokens: 100, cost_usd: 1 });
    const { engine } = await start(rig, planner);
    const budget = { max_llm_calls: 10, max_tokens: 150, max_cost_usd: 100 };
    const { task } = await engine.submit(submission([planning({ max_attempts: 10 })], { frame: { budget } }));
    const failed = await stepIs(engine, task.task_id, 'plan', 'error');
    assert.is(failed.steps[0]!.failure!['code'], 'budget_exhausted');
    // 100 of 150 set aside, 80 spent; then what is left, all of it.
    assert.equal(
      planner.requests.map(({ constraints }) => constraints.allowance.tokens),
      [100, 70],
    );
    const exhausted = (await journal(engine, task.task_id)).find((event) => event.kind === 'budget_exhausted');
    assert.is(exhausted!.dimension, 'tokens');
  }));

test('runs decisions, fan-outs and deferred steps of its plan by the rules of templates', () =>
  Rig.with(async (rig) => {
    const chooser: NativeHandler = {
      name: 'chooser',
      run: async () => ({ kind: 'branch', steps: ['left'], result: {} }),
    };
    const split: NativeHandler = {
      name: 'split',
      run: async () => ({ kind: 'batches', items: [1, 2, 3], max_concurrency: 0, result: {} }),
    };
    const planner = new ScriptedPlanner([
      {
        fragment: fragmentOf(
          planned('choose', { type: 'decision', catalog: 'chooser' }),
          planned('left', { type: 'batchable', catalog: 'split', dependencies: ['choose'], max_items: 5 }),
          planned('each', { type: 'batch_worker', catalog: 'echo', dependencies: ['left'] }),
          planned('right', { dependencies: ['choose'] }),
          planned('join', { type: 'deferred', catalog: 'echo', dependencies: ['each', 'right'] }),
        ),
      },
    ]);
    const { engine } = await rig.start({
      handlers: [echo, chooser, split],
      parts: { planners: { scripted: planner } },
    });
    const { task } = await engine.submit(submission([planning()]));
    const done = await settled(engine, task.task_id);
    assert.equal(
      [done.status, done.steps.map(({ name }) => name)],
      [
        'complete',
        [
          'plan',
          'plan/1/choose',
          'plan/1/left',
          'plan/1/each',
          'plan/1/join',
          'plan/1/each[0]',
          'plan/1/each[1]',
          'plan/1/each[2]',
        ],
      ],
    );
    assert.is((done.steps[0]!.result as unknown as { each: readonly unknown[] }).each.length, 3);
  }));

test('two that plan at once never spend the same: one of them goes without', () =>
  Rig.with(async (rig) => {
    const usage = { input_tokens: 90, output_tokens: 10, cache_read_tokens: 0, cost_usd: 0 };
    const planner = new ScriptedPlanner([{ fragment: fragmentOf(planned('a')), usage }], {
      llm_calls: 1,
      tokens: 100,
      cost_usd: 0,
    });
    const { engine } = await start(rig, planner);
    const budget = { max_llm_calls: 1, max_tokens: 1_000, max_total_steps: 3 };
    const steps = [planning({ on_failure: 'continue' }), planning({ name: 'second', on_failure: 'continue' })];
    const { task } = await engine.submit(submission(steps, { frame: { budget } }));
    const done = await settled(engine, task.task_id);
    assert.is(planner.requests.length, 1);
    assert.equal(
      done.steps.map(({ name, status, failure }) => `${name} ${status} ${failure?.['code'] ?? ''}`),
      ['plan complete ', 'second error budget_exhausted', 'plan/1/a complete '],
    );
  }));

test('waits as long as an overloaded model asks, and counts the call', () =>
  Rig.with(async (rig) => {
    const usage = { input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cost_usd: 0 };
    const problem = { code: 'model_overloaded', message: '529', retryable: true, retry_after_ms: 60, usage };
    const planner = new ScriptedPlanner([{ problem }, { fragment: fragmentOf(planned('a')) }], {
      llm_calls: 1,
      tokens: 100,
      cost_usd: 0,
    });
    const { engine } = await start(rig, planner);
    const frame = { budget: { max_llm_calls: 2, max_tokens: 1_000 } };
    const { task } = await engine.submit(submission([planning({ retry: { base_ms: 0 } })], { frame }));
    assert.is((await settled(engine, task.task_id)).status, 'complete');
    const events = await journal(engine, task.task_id);
    const scheduled = events.find((event) => event.kind === 'step_retry_scheduled')!;
    assert.ok(scheduled.retry_at - scheduled.at >= 60);
    const spent = events.flatMap((event) => (event.kind === 'budget_settled' ? [event.amounts.llm_calls ?? 0] : []));
    assert.is(
      spent.reduce((sum, each) => sum + each, 0),
      2,
    );
  }));

test('fails with its own codes when a model declines or its answers are cut off', () =>
  Rig.with(async (rig) => {
    const planner = new ScriptedPlanner([{ text: '…', stop_reason: 'refusal' }]);
    const other = new ScriptedPlanner([{ text: '{', stop_reason: 'max_tokens' }]);
    const { engine } = await start(rig, planner, other);
    const refused = await engine.submit(submission([planning()]));
    const declined = await stepIs(engine, refused.task.task_id, 'plan', 'error');
    assert.is(declined.steps[0]!.failure!['code'], 'plan_refused');
    const cut = await engine.submit(submission([planning({ planner: 'other', max_attempts: 1 })]));
    const failed = await stepIs(engine, cut.task.task_id, 'plan', 'error');
    assert.match(String(failed.steps[0]!.failure!['message']), 'cut off');
    const view = planView(failed, failed.steps[0]!, await engine.events(cut.task.task_id, 0, 1_000));
    assert.equal(
      view.calls.map(({ verdict, planner: who, diagnostics }) => [verdict, who, diagnostics[0]!.code]),
      [['refused', 'other', 'plan_truncated']],
    );
  }));

test('fails when its plan does not give what was promised, and can be resolved by hand', () =>
  Rig.with(async (rig) => {
    const planner = new ScriptedPlanner([{ fragment: fragmentOf(planned('a')) }]);
    const { engine } = await start(rig, planner);
    const output_schema = { type: 'object', required: ['cause'] };
    const { task } = await engine.submit(submission([planning({ output_schema }), after]));
    const failed = await stepIs(engine, task.task_id, 'plan', 'error');
    assert.is(failed.steps[0]!.failure!['code'], 'plan_output_invalid');
    const act = { by: 'ada', reason: 'known' };
    assert.is(await refusal(engine.retryStep(task.task_id, 'plan', act)), 'step_not_retryable');
    assert.is(await refusal(engine.resolveStep(task.task_id, 'plan', { result: {} }, act)), 'result_invalid');
    await engine.resolveStep(task.task_id, 'plan', { result: { cause: 'disk' } }, act);
    const done = await settled(engine, task.task_id);
    assert.equal(done.steps.find(({ name }) => name === 'after')!.result, { of: { cause: 'disk' } });
  }));
