import type { ScaffoldFiles } from './new_plugin.ts';

/** An adapter for a small JSON API of its own. */
export function modelFiles(name: string): ScaffoldFiles {
  const variable = `${name.toUpperCase()}_KEY`;
  return {
    'plugin.ts': `import { type ModelAdapter, type ModelAnswer, NO_USAGE, PlannerFailure, type Plugin } from 'weft/plugin';

const KEY_VARIABLE = '${variable}';

/** What the provider answers: change this to its API. */
type Said = Pick<ModelAnswer, 'content' | 'stop_reason' | 'usage'>;

/** Sends the request as JSON to \`POST <base_url>/complete\`, and reads \`Said\`. */
export function adapter(variable: (name: string) => string | undefined): ModelAdapter {
  return {
    description: 'The models of ${name}.',
    async call(request, { signal }) {
      const { endpoint = {}, timeout_ms = 300_000, ...body } = request;
      const { base_url = 'http://127.0.0.1:8080', key_variable = KEY_VARIABLE } = endpoint;
      const key = variable(key_variable);
      if (!key) throw unauthorized(key_variable);
      const timeout = AbortSignal.timeout(timeout_ms);
      const started = performance.now();
      try {
        const response = await fetch(\`\${base_url}/complete\`, {
          method: 'POST',
          redirect: 'manual',
          headers: { authorization: \`Bearer \${key}\`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.any([signal, timeout]),
        });
        const text = await response.text();
        if (response.status !== 200) throw failureOf(response, key_variable);
        const said = JSON.parse(text) as Said;
        const latency_ms = Math.round(performance.now() - started);
        return { ...said, model: request.model, latency_ms, raw: JSON.parse(text) };
      } catch (error) {
        if (error instanceof PlannerFailure) throw error;
        if (signal.aborted) throw failed('model_call_aborted', 'the call was given up', false);
        if (timeout.aborted) throw failed('model_timeout', \`no answer within \${timeout_ms} ms\`, true);
        if (error instanceof SyntaxError) throw failed('model_answer_malformed', 'the answer is no JSON', true);
        throw failed('model_unreachable', 'no whole answer came', true);
      }
    },
  };
}

/** What the provider says is left out: it may repeat the key. */
function failureOf({ status, headers }: Response, variable: string): PlannerFailure {
  if (status === 401 || status === 403) return unauthorized(variable);
  const message = \`the provider answered \${status}\`;
  if (status === 429 || status === 529) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    const code = status === 429 ? 'model_rate_limited' : 'model_overloaded';
    const wait = Number.isFinite(seconds) ? { retry_after_ms: seconds * 1_000 } : {};
    return new PlannerFailure({ code, message, retryable: true, usage: NO_USAGE, ...wait });
  }
  if (status >= 500) return failed('model_server_error', message, true);
  return new PlannerFailure({ code: 'model_request_refused', message, retryable: false, usage: NO_USAGE });
}

function unauthorized(variable: string): PlannerFailure {
  const message = \`the provider takes no such key; set \${variable} to a valid one where Weft runs\`;
  return new PlannerFailure({ code: 'model_unauthorized', message, retryable: false, usage: NO_USAGE });
}

/** Without usage: what it cost is not known, and it is charged in full. */
function failed(code: string, message: string, retryable: boolean): PlannerFailure {
  return new PlannerFailure({ code, message, retryable });
}

const plugin: Plugin = {
  name: '${name}',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: { type: 'object', additionalProperties: false },
  apply(_hooks, _options, { models, variable }) {
    models.register('${name}', adapter(variable));
  },
};

export default plugin;
`,
    'conformance.test.ts': `import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { modelAdapterConformance, type ProviderSituation } from 'weft/conformance';
import { adapter } from './plugin.ts';

const KEY = 'a-key-of-this-test-only';
const usage = { input_tokens: 10, output_tokens: 5, cache_read_tokens: 0, cache_write_tokens: 0 };
const add = (id: string, a: number, b: number) => ({ kind: 'tool_use', id, name: 'add', input: { a, b } });
const hello = { content: [{ kind: 'text', text: 'Hello' }], stop_reason: 'end', usage };

/** A stand-in for the provider: what it does in each situation. */
const ANSWERS: Record<ProviderSituation, (response: ServerResponse) => void> = {
  text: (response) => send(response, 200, hello),
  tool_call: (response) => send(response, 200, { content: [add('a', 1, 2)], stop_reason: 'tool_use', usage }),
  parallel_tool_calls: (response) =>
    send(response, 200, { content: [add('a', 1, 2), add('b', 3, 4)], stop_reason: 'tool_use', usage }),
  max_tokens: (response) => send(response, 200, { ...hello, stop_reason: 'max_tokens' }),
  refusal: (response) => send(response, 200, { ...hello, stop_reason: 'refusal' }),
  unauthorized: (response) => send(response, 401, { message: \`no such key: \${KEY}\` }),
  rate_limited: (response) => send(response.setHeader('retry-after', '7'), 429, {}),
  overloaded: (response) => send(response, 529, {}),
  server_error: (response) => send(response, 500, {}),
  malformed: (response) => void response.end('{"content": ['),
  dropped: (response) => void response.write('{"content"', () => response.destroy()),
  drip: (response) => {
    const timer = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(timer));
  },
};

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status).end(JSON.stringify(body));
}

modelAdapterConformance(
  (name, run) => void test(name, run),
  async (situation) => {
    let calls = 0;
    const server = createServer((request, response) => {
      calls += 1;
      request.resume().on('end', () => ANSWERS[situation](response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base_url = \`http://127.0.0.1:\${(server.address() as AddressInfo).port}\`;
    return {
      adapter: adapter(() => KEY),
      request: { model: 'a-model', endpoint: { base_url } },
      key: KEY,
      key_variable: '${variable}',
      calls: () => calls,
      close: () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        }),
    };
  },
);
`,
  };
}
