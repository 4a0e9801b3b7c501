import assert from 'node:assert/strict';
import type { JsonObject } from '../../kernel/json.ts';
import { type PlanAnswer, type Planner, PlannerFailure, type PlanRequest } from '../../kernel/planning/planner.ts';
import type { DeclareTest } from './model_adapter.ts';

/** A planner that can plan, and a request that it has a plan for. */
export interface PlannerUnderTest {
  readonly planner: Planner;
  readonly request: PlanRequest;
  /** What the engine says of handlers when it is asked. */
  describe?(handler: string): JsonObject | undefined;
  close?(): Promise<void>;
}

/**
 * The behaviours that every planner has. `open` makes one that nobody has used, before a model or stand-in that answers.
 *
 * @example
 * plannerConformance(test, async () => ({ planner: myPlanner(), request }));
 */
export function plannerConformance(declare: DeclareTest, open: () => Promise<PlannerUnderTest>): void {
  const test = (name: string, run: (under: PlannerUnderTest) => Promise<void>): void =>
    declare(name, async () => {
      const under = await open();
      try {
        await run(under);
      } finally {
        await under.close?.();
      }
    });

  test('says what one call can spend at the most, always the same', async ({ planner }) => {
    for (const model of [null, 'a model that nobody has']) {
      const cap = planner.spends(model);
      assert.ok(cap.llm_calls === 0 || cap.llm_calls === 1);
      for (const amount of [cap.tokens, cap.cost_usd]) assert.ok(Number.isFinite(amount) && amount >= 0);
      assert.deepEqual(planner.spends(model), cap);
    }
    assert.ok(planner.description.length > 0);
  });

  test('answers with text, and spends no more than it said', async (under) => {
    const answer = await plan(under);
    const { llm_calls, tokens, cost_usd } = under.planner.spends(under.request.model);
    const { usage } = answer;
    assert.equal(typeof answer.text, 'string');
    assert.equal(typeof answer.stop_reason, 'string');
    for (const [name, amount] of Object.entries(usage)) assert.ok(Number.isFinite(amount) && amount >= 0, name);
    assert.ok(usage.cache_read_tokens <= usage.input_tokens, 'what came from the cache is a part of the input');
    assert.ok(usage.input_tokens + usage.output_tokens <= tokens && usage.cost_usd <= cost_usd);
    assert.equal(answer.model === null, llm_calls === 0, 'a model is named exactly when one was asked');
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer, 'an answer is JSON through and through');
  });

  test('proposes a fragment, or asks', async (under) => {
    const { text, asks } = await plan(under);
    const value = JSON.parse(text) as JsonObject;
    if (!asks) assert.equal(value['fragment_version'], '1.0');
  });

  test('changes nothing of the request', async (under) => {
    const before = structuredClone(under.request);
    freeze(under.request);
    await plan(under);
    assert.deepEqual(under.request, before);
  });

  test('fails with a PlannerFailure, or answers, when what it is given pays for nothing', async (under) => {
    const { constraints } = under.request;
    const request = { ...under.request, constraints: { ...constraints, allowance: { tokens: 0, cost_usd: 0 } } };
    const result = await outcome({ ...under, request });
    if (result instanceof PlannerFailure) return;
    const { input_tokens, output_tokens, cost_usd } = result.usage;
    assert.deepEqual([input_tokens, output_tokens, cost_usd], [0, 0, 0], 'it spent what it did not have');
  });

  test('bears what was refused before', async (under) => {
    const diagnostic = {
      code: 'a_code',
      severity: 'error',
      stage: 'schema',
      pointer: '/steps',
      message: 'wrong',
    } as const;
    const answers = ['', 'prose', '[]', '{}', '{"steps": null}', '{"describe_handler": ["nobody"]}', 'null'];
    const feedback = answers.map((answer, index) => ({ call: index + 1, answer, diagnostics: [diagnostic] }));
    await outcome({ ...under, request: { ...under.request, call: answers.length + 1, feedback } });
  });

  test('ends soon when nobody waits any more', async (under) => {
    const abort = new AbortController();
    abort.abort();
    await outcome(under, abort.signal);
  });
}

function plan(
  { planner, request, describe }: PlannerUnderTest,
  signal = new AbortController().signal,
): Promise<PlanAnswer> {
  return planner.plan(request, { signal, ...(describe === undefined ? {} : { describe }) });
}

/** @throws AssertionError for whatever it throws besides */
async function outcome(under: PlannerUnderTest, signal?: AbortSignal): Promise<PlanAnswer | PlannerFailure> {
  try {
    return await plan(under, signal);
  } catch (error) {
    assert.ok(error instanceof PlannerFailure, `it threw ${String(error)}, which is no PlannerFailure`);
    return error;
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}
