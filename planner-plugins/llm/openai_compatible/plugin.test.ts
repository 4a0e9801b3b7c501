import { modelAdapterConformance } from '../../../host/conformance/model_adapter.ts';
import type { Json, ModelRequest } from '../../../kernel/index.ts';
import { startHttpServer } from '../../../testing/http_server.ts';
import { startModelServer } from '../../../testing/model_server/server.ts';
import { replyIn } from '../../../testing/model_server/situations.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { openaiCompatibleAdapter } from './plugin.ts';

const test = suite('openai_compatible');

const KEY = 'sk-test-0123456789abcdef';
const adapter = openaiCompatibleAdapter((name) => (name === 'MODEL_KEY' ? KEY : undefined));

modelAdapterConformance(test, async (situation) => {
  const server = await startModelServer(() => replyIn(situation, KEY), { key: KEY });
  return {
    adapter,
    request: { model: 'local-test', endpoint: { base_url: `${server.url}/v1`, key_variable: 'MODEL_KEY' } },
    key: KEY,
    key_variable: 'MODEL_KEY',
    calls: () => server.calls.length,
    close: server.close,
  };
});

const REQUEST: Omit<ModelRequest, 'endpoint'> = {
  model: 'local-test',
  system: [{ text: 'Rules.' }, { text: 'Catalog.', cache: true }],
  messages: [{ role: 'user', content: [{ kind: 'text', text: 'Plan.' }] }],
  tools: [{ name: 'submit', description: 'Submits.', input_schema: { type: 'object' }, strict: true }],
  max_tokens: 99,
};
const { signal } = new AbortController();

test('asks without a key when none is named', async () => {
  const server = await startModelServer([{ kind: 'text', text: 'Hello' }]);
  try {
    await adapter.call({ ...REQUEST, endpoint: { base_url: `${server.url}/v1/` } }, { signal });
    const [{ headers, body } = assert.unreachable() as never] = server.calls;
    assert.is(headers.authorization, undefined);
    assert.equal((body['messages'] as Json[])[0], { role: 'system', content: 'Rules.\n\nCatalog.' });
    assert.is(body['tool_choice'], 'auto');
  } finally {
    await server.close();
  }
});

test('keeps arguments that are no JSON as text', async () => {
  const server = await startModelServer([{ kind: 'malformed_arguments', name: 'submit', text: '{"steps": [' }]);
  try {
    const { content } = await adapter.call({ ...REQUEST, endpoint: { base_url: `${server.url}/v1` } }, { signal });
    assert.equal(content, [{ kind: 'tool_use', id: 'call_1_0', name: 'submit', input: '{"steps": [' }]);
  } finally {
    await server.close();
  }
});

test('understands servers that say "stop" after a call, write arguments as objects and count nothing', async () => {
  const message = {
    role: 'assistant',
    content: '',
    tool_calls: [{ function: { name: 'submit', arguments: { a: 1 } } }],
  };
  const server = await startHttpServer((_request, response) =>
    response.end(JSON.stringify({ choices: [{ finish_reason: 'stop', message }] })),
  );
  try {
    const endpoint = { base_url: `http://127.0.0.1:${server.port}/v1` };
    const { content, stop_reason, usage, model } = await adapter.call({ ...REQUEST, endpoint }, { signal });
    assert.equal(content, [{ kind: 'tool_use', id: 'call_0', name: 'submit', input: { a: 1 } }]);
    assert.equal([stop_reason, model], ['tool_use', 'local-test']);
    assert.ok(usage.input_tokens > 50 && usage.output_tokens > 0);
  } finally {
    await server.close();
  }
});
