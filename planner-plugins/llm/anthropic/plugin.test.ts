import { modelAdapterConformance } from '../../../host/conformance/model_adapter.ts';
import type { Json, JsonObject, ModelRequest } from '../../../kernel/index.ts';
import { PlannerFailure } from '../../../kernel/index.ts';
import { startModelServer } from '../../../testing/model_server/server.ts';
import { replyIn } from '../../../testing/model_server/situations.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { anthropicAdapter } from './plugin.ts';

const test = suite('anthropic');

const KEY = 'sk-ant-test-0123456789abcdef';
const adapter = anthropicAdapter((name) => (name === 'ANTHROPIC_API_KEY' ? KEY : undefined));

modelAdapterConformance(test, async (situation) => {
  const server = await startModelServer(() => replyIn(situation, KEY), { key: KEY });
  return {
    adapter,
    request: { model: 'claude-test', endpoint: { base_url: server.url } },
    key: KEY,
    key_variable: 'ANTHROPIC_API_KEY',
    calls: () => server.calls.length,
    close: server.close,
  };
});

const REQUEST: Omit<ModelRequest, 'endpoint'> = {
  model: 'claude-test',
  system: [{ text: 'Rules.' }, { text: 'Catalog.', cache: true }],
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'Plan.' }] }],
  tools: [{ name: 'submit', description: 'Submits.', input_schema: { type: 'object' }, strict: true }],
  tool_choice: 'submit',
  max_tokens: 99,
};
const { signal } = new AbortController();

test('marks what is to be cached, and counts what came from the cache and went there', async () => {
  const server = await startModelServer(() => ({ kind: 'text', text: 'Hello' }));
  try {
    const request = { ...REQUEST, endpoint: { base_url: server.url } };
    const first = await adapter.call(request, { signal });
    const second = await adapter.call(request, { signal });
    assert.ok(first.usage.cache_write_tokens > 0);
    assert.is(first.usage.cache_read_tokens, 0);
    assert.is(second.usage.cache_read_tokens, first.usage.cache_write_tokens);
    assert.is(second.usage.cache_write_tokens, 0);
    const { system, tools, tool_choice, max_tokens, stream } = server.calls[0]!.body as Record<string, Json>;
    assert.equal(system, [
      { type: 'text', text: 'Rules.' },
      { type: 'text', text: 'Catalog.', cache_control: { type: 'ephemeral' } },
    ]);
    assert.equal(tools, [
      { name: 'submit', description: 'Submits.', input_schema: { type: 'object' }, strict: true },
    ] as unknown as JsonObject);
    assert.equal(tool_choice, { type: 'tool', name: 'submit' });
    assert.is(max_tokens, 99);
    assert.is(stream ?? false, false);
  } finally {
    await server.close();
  }
});

test('takes the key of the variable that the model names, and asks nobody without one', async () => {
  const asked: string[] = [];
  const keyless = anthropicAdapter((name) => void asked.push(name));
  try {
    await keyless.call(
      { ...REQUEST, endpoint: { base_url: 'http://127.0.0.1:1', key_variable: 'OTHER_KEY' } },
      { signal },
    );
    assert.unreachable();
  } catch (error) {
    assert.instance(error, PlannerFailure);
    assert.is((error as PlannerFailure).problem.code, 'model_unauthorized');
    assert.match((error as Error).message, /^there is no key for http:\/\/127.0.0.1:1; set OTHER_KEY/);
  }
  assert.equal(asked, ['OTHER_KEY']);
});

test('does not carry the key along a redirect', async () => {
  const server = await startModelServer(() => ({ kind: 'error', status: 307 }));
  try {
    await adapter.call({ ...REQUEST, endpoint: { base_url: server.url } }, { signal });
    assert.unreachable();
  } catch (error) {
    assert.is((error as PlannerFailure).problem.code, 'model_request_refused');
    assert.is(server.calls.length, 1);
  } finally {
    await server.close();
  }
});

test('says what the provider finds wrong with a request', async () => {
  const server = await startModelServer([]);
  try {
    await adapter.call({ ...REQUEST, messages: [], endpoint: { base_url: server.url } }, { signal });
    assert.unreachable();
  } catch (error) {
    const { code, message, retryable } = (error as PlannerFailure).problem;
    assert.equal([code, retryable], ['model_request_refused', false]);
    assert.match(message, /answered 400: messages: at least one message is required/);
  } finally {
    await server.close();
  }
});
