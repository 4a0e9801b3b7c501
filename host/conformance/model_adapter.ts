import assert from 'node:assert/strict';
import type { ModelAdapter, ModelAnswer, ModelContent, ModelRequest } from '../../kernel/planning/model_adapter.ts';
import { PlannerFailure, type PlannerProblem } from '../../kernel/planning/planner.ts';

/** Declares a test: `test` of `node:test`, or any function like it. */
export type DeclareTest = (name: string, run: () => Promise<void>) => void;

/** What the provider is to do with every request of a test. */
export type ProviderSituation =
  /** Says "Hello". */
  | 'text'
  /** Calls the tool `add` with `{"a": 1, "b": 2}`. */
  | 'tool_call'
  /** Calls `add` with `{"a": 1, "b": 2}`, then with `{"a": 3, "b": 4}`. */
  | 'parallel_tool_calls'
  /** Is cut off by the limit on tokens. */
  | 'max_tokens'
  /** Declines. */
  | 'refusal'
  /** Refuses the key, repeating it in what it says. */
  | 'unauthorized'
  /** Says there were too many requests, and to come back after 7 seconds. */
  | 'rate_limited'
  /** Says it has too much to do. */
  | 'overloaded'
  /** Fails (500). */
  | 'server_error'
  /** Answers with success and a body that is cut off. */
  | 'malformed'
  /** Hangs up in the middle of the answer. */
  | 'dropped'
  /** Sends a byte now and then, for minutes. */
  | 'drip';

/** An adapter before a provider, or a stand-in for one, that is in the situation. */
export interface AdapterUnderTest {
  readonly adapter: ModelAdapter;
  readonly request: Pick<ModelRequest, 'model' | 'endpoint'>;
  /** What the adapter was given as the key; at least 16 characters. */
  readonly key: string;
  /** The variable that holds it. */
  readonly key_variable: string;
  /** How many requests have reached the provider. */
  calls(): number;
  close(): Promise<void>;
}

const ADD = {
  name: 'add',
  description: 'Adds two numbers.',
  input_schema: {
    type: 'object',
    required: ['a', 'b'],
    additionalProperties: false,
    properties: { a: { type: 'number' }, b: { type: 'number' } },
  },
};

/** Long enough for a machine under load, and for `drip` not to end by itself. */
const TIMEOUT_MS = 20_000;

/**
 * The behaviours that every model adapter has. `open` puts a provider into a situation and gives the adapter before it.
 *
 * @example
 * modelAdapterConformance(test, async (situation) => ({ adapter, request, key, key_variable, calls, close }));
 */
export function modelAdapterConformance(
  declare: DeclareTest,
  open: (situation: ProviderSituation) => Promise<AdapterUnderTest>,
): void {
  const test = (name: string, situation: ProviderSituation, run: (under: AdapterUnderTest) => Promise<void>): void =>
    declare(name, async () => {
      const under = await open(situation);
      try {
        await run(under);
        assert.ok(under.calls() <= 1, 'an adapter never tries again: budget and waiting are the engine’s');
      } finally {
        await under.close();
      }
    });

  test('gives what the model says, with what it read and wrote', 'text', async (under) => {
    const answer = await ask(under);
    assert.deepEqual(answer.content, [{ kind: 'text', text: 'Hello' }]);
    assert.equal(answer.stop_reason, 'end');
    assert.ok(answer.model.length > 0);
    const counts = Object.entries(answer.usage);
    assert.deepEqual(counts.map(([name]) => name).sort(), [
      'cache_read_tokens',
      'cache_write_tokens',
      'input_tokens',
      'output_tokens',
    ]);
    for (const [name, count] of counts) assert.ok(Number.isInteger(count) && count >= 0, `${name} is ${count}`);
    assert.ok(answer.usage.output_tokens > 0 && Number.isInteger(answer.latency_ms) && answer.latency_ms >= 0);
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer, 'an answer is JSON through and through');
    assert.ok(!JSON.stringify(answer).includes(under.key), 'an answer never holds the key');
  });

  test('gives a tool call with its arguments read', 'tool_call', async (under) => {
    const answer = await ask(under);
    assert.equal(answer.stop_reason, 'tool_use');
    assert.deepEqual(callsOf(answer), [{ name: 'add', input: { a: 1, b: 2 } }]);
  });

  test('gives several tool calls in their order, each with an id of its own', 'parallel_tool_calls', async (under) => {
    const answer = await ask(under);
    assert.deepEqual(
      callsOf(answer).map(({ input }) => input),
      [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
    );
    assert.equal(
      new Set(answer.content.map((each) => (each.kind === 'tool_use' ? each.id : each))).size,
      answer.content.length,
    );
  });

  test('takes up a conversation with tool calls and their results', 'text', async (under) => {
    const call = { kind: 'tool_use', id: 'call_a', name: 'add', input: { a: 1, b: 2 } } as const;
    const result: ModelContent = { kind: 'tool_result', id: 'call_a', text: '3' };
    const messages: ModelRequest['messages'] = [
      { role: 'user', content: [{ kind: 'text', text: 'Add 1 and 2.' }] },
      { role: 'assistant', content: [{ kind: 'text', text: 'I shall.' }, call] },
      { role: 'user', content: [result, { kind: 'text', text: 'Go on.' }] },
    ];
    assert.equal((await ask(under, { messages })).stop_reason, 'end');
  });

  test('says that an answer was cut off, and what it cost', 'max_tokens', async (under) => {
    const answer = await ask(under);
    assert.equal(answer.stop_reason, 'max_tokens');
    assert.ok(answer.usage.output_tokens > 0);
  });

  test('says that the model declined, and what it cost', 'refusal', async (under) => {
    const answer = await ask(under);
    assert.equal(answer.stop_reason, 'refusal');
    assert.ok(answer.usage.output_tokens > 0);
  });

  test('names the variable to set when the key is refused, and never shows the key', 'unauthorized', async (under) => {
    const problem = await failureOf(under);
    assert.equal(problem.code, 'model_unauthorized');
    assert.equal(problem.retryable, false);
    assert.ok(problem.message.includes(under.key_variable), problem.message);
    assert.ok(!JSON.stringify(problem).includes(under.key), 'the key is in the failure');
    assert.equal(problem.usage?.cost_usd, 0, 'what was turned away costs nothing');
  });

  test('says when to come back', 'rate_limited', async (under) => {
    const problem = await failureOf(under);
    assert.equal(problem.code, 'model_rate_limited');
    assert.equal(problem.retryable, true);
    assert.equal(problem.retry_after_ms, 7_000);
    assert.equal(problem.usage?.cost_usd, 0);
  });

  for (const [situation, code] of [
    ['overloaded', 'model_overloaded'],
    ['server_error', 'model_server_error'],
    ['dropped', 'model_unreachable'],
    ['malformed', 'model_answer_malformed'],
  ] as const) {
    test(`fails with ${code} and may be asked later`, situation, async (under) => {
      const problem = await failureOf(under);
      assert.equal(problem.code, code);
      assert.equal(problem.retryable, true);
      assert.ok(!JSON.stringify(problem).includes(under.key));
    });
  }

  test('ends when its time is up, however busy the other side seems', 'drip', async (under) => {
    const problem = await failureOf(under, { timeout_ms: 300 });
    assert.equal(problem.code, 'model_timeout');
    assert.equal(problem.retryable, true);
  });

  test('ends when nobody waits any more', 'drip', async (under) => {
    const abort = new AbortController();
    const failure = failureOf(under, {}, abort.signal);
    setTimeout(() => abort.abort(), 100);
    assert.equal((await failure).code, 'model_call_aborted');
  });
}

function ask(
  { adapter, request }: AdapterUnderTest,
  rest: Partial<ModelRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelAnswer> {
  const whole: ModelRequest = {
    system: [{ text: 'You add numbers.', cache: true }],
    messages: [{ role: 'user', content: [{ kind: 'text', text: 'Add 1 and 2.' }] }],
    tools: [ADD],
    max_tokens: 1_000,
    timeout_ms: TIMEOUT_MS,
    ...request,
    ...rest,
  };
  return adapter.call(whole, { signal });
}

async function failureOf(
  under: AdapterUnderTest,
  rest?: Partial<ModelRequest>,
  signal?: AbortSignal,
): Promise<PlannerProblem> {
  try {
    await ask(under, rest, signal);
  } catch (error) {
    assert.ok(error instanceof PlannerFailure, `it threw ${String(error)}, which is no PlannerFailure`);
    return error.problem;
  }
  return assert.fail('the call did not fail');
}

function callsOf({ content }: ModelAnswer) {
  return content.flatMap((each) => (each.kind === 'tool_use' ? [{ name: each.name, input: each.input }] : []));
}
