import type { ConfiguredModel } from '../../kernel/planning/configured_model.ts';
import { anthropicAdapter } from '../../planner-plugins/llm/anthropic/plugin.ts';
import { llmPlanner } from '../../planner-plugins/planners/llm/planner.ts';
import { DEFAULT_LIMITS } from '../../planner-plugins/planners/llm/plugin.ts';
import { readPrompt } from '../../planner-plugins/planners/llm/prompt.ts';
import { journal, Rig, settled, stepIs, submission } from '../../testing/engine_rig.ts';
import { submits } from '../../testing/model_server/plans.ts';
import { type Reply, toolCall } from '../../testing/model_server/reply.ts';
import { type ModelServer, startModelServer } from '../../testing/model_server/server.ts';
import type { NativeHandler } from '../../testing/native_executor.ts';
import { fragmentOf, planned } from '../../testing/scripted_planner.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('planning with a model');

const echo: NativeHandler = { name: 'echo', run: async ({ inputs }) => ({ kind: 'complete', result: inputs }) };
const GOOD = fragmentOf(planned('a', { catalog: 'echo', inputs: { x: '${task.context.x}' } }));
const BAD = fragmentOf(planned('a', { catalog: 'ecko' }));
const ASKS = toolCall('describe_handler', { names: ['echo'] });
const PLAN = { name: 'plan', type: 'planning', planner: 'llm', goal: 'do it' };

async function withModel(
  replies: readonly Reply[],
  run: (engine: Awaited<ReturnType<Rig['start']>>['engine'], server: ModelServer) => Promise<void>,
): Promise<void> {
  const server = await startModelServer(replies);
  const model: ConfiguredModel = {
    adapter: 'anthropic',
    model: 'claude-test',
    base_url: server.url,
    max_output_tokens: 4_000,
    context_tokens: 200_000,
    timeout_ms: 20_000,
    prices: { input: 3, output: 15 },
  };
  const planner = llmPlanner({
    description: 'A model.',
    models: { test: model },
    adapter: () => anthropicAdapter(() => 'a key'),
    prompt: readPrompt(),
    limits: DEFAULT_LIMITS,
  });
  try {
    await Rig.with(async (rig) => {
      const { engine } = await rig.start({ handlers: [echo], parts: { planners: { modelled: planner } } });
      await run(engine, server);
    });
  } finally {
    await server.close();
  }
}

const step = { ...PLAN, planner: 'modelled' };

test('a question is a call and no attempt; a refused plan comes back with what is wrong', () =>
  withModel([ASKS, submits(BAD), submits(GOOD)], async (engine, server) => {
    const { task } = await engine.submit(submission([{ ...step, max_attempts: 2 }], { context: { x: 7 } }));
    const done = await settled(engine, task.task_id);
    assert.equal([done.status, done.steps[0]!.result], ['complete', { x: 7 }]);
    assert.is(server.calls.length, 3);
    assert.match(JSON.stringify(server.calls[1]!.body['messages']), 'configSchema');
    assert.match(JSON.stringify(server.calls[2]!.body['messages']), /did you mean .{1,6}echo/);
    const events = await journal(engine, task.task_id);
    const answered = events.filter((event) => event.kind === 'plan_answered');
    assert.is(answered.length, 3);
    assert.ok(answered.every((event) => event.kind === 'plan_answered' && event.usage.cost_usd > 0));
  }));

test('a model that only asks is refused in the end', () =>
  withModel(
    Array.from({ length: 20 }, () => ASKS),
    async (engine, server) => {
      const { task } = await engine.submit(submission([{ ...step, max_attempts: 2 }]));
      const failed = await stepIs(engine, task.task_id, 'plan', 'error');
      assert.is(failed.steps[0]!.failure!['code'], 'plan_invalid');
      assert.ok(server.calls.length <= 6, `${server.calls.length} calls`);
    },
  ));

for (const [name, reply, code, calls] of [
  ['a refused key', { kind: 'error', status: 401 }, 'model_unauthorized', 1],
  ['a refusal', { kind: 'refusal', text: 'No.' }, 'plan_refused', 1],
  ['prose', { kind: 'text', text: 'I would do this …' }, 'plan_invalid', 2],
  ['an answer that is cut off', { kind: 'truncated', text: 'I' }, 'plan_invalid', 2],
] as const) {
  test(`${name} ends the step with ${code} after ${calls} call(s)`, () =>
    withModel([reply, reply, reply], async (engine, server) => {
      const { task } = await engine.submit(submission([{ ...step, max_attempts: 2 }]));
      const failed = await stepIs(engine, task.task_id, 'plan', 'error');
      assert.equal([failed.steps[0]!.failure!['code'], server.calls.length], [code, calls]);
    }));
}

test('a model that has too much to do is asked again when it says', () =>
  withModel(
    [{ kind: 'error', status: 529, retry_after: '0' }, { kind: 'error', status: 429, retry_after: '0' }, submits(GOOD)],
    async (engine, server) => {
      const retry = { max_attempts: 3, base_ms: 1, max_ms: 5 };
      const { task } = await engine.submit(submission([{ ...step, retry }], { context: { x: 1 } }));
      assert.is((await settled(engine, task.task_id)).status, 'complete');
      assert.is(server.calls.length, 3);
    },
  ));
