import Anthropic from '@anthropic-ai/sdk';
import type { ModelAdapter, ModelAnswer, Plugin } from '../../../kernel/index.ts';
import { boundedFetch } from '../../model_call/bounded_fetch.ts';
import { TIMEOUT_MS_DEFAULT, withDeadline } from '../../model_call/deadline.ts';
import { type FailedCall, malformed, placeOf, statusFailure, unauthorized } from '../../model_call/failure.ts';
import { answerOf, paramsOf } from './messages.ts';

const BASE_URL = 'https://api.anthropic.com';
const KEY_VARIABLE = 'ANTHROPIC_API_KEY';

/** Speaks the Messages API through Anthropic's SDK. `variable` looks keys up, anew for each call. */
export function anthropicAdapter(variable: (name: string) => string | undefined): ModelAdapter {
  return {
    description: "Anthropic's Messages API, with tools and prompt caching.",
    async call(request, { signal }) {
      const { base_url = BASE_URL, key_variable = KEY_VARIABLE } = request.endpoint ?? {};
      const key = variable(key_variable);
      const call: FailedCall = { at: placeOf(base_url), key_variable, key };
      if (key === undefined || key === '') throw unauthorized(`there is no key for ${call.at}`, call);
      const timeout_ms = request.timeout_ms ?? TIMEOUT_MS_DEFAULT;
      const client = clientFor(base_url, key, timeout_ms);
      const { value, latency_ms } = await withDeadline((both) => ask(client, request, both, call), {
        signal,
        timeout_ms,
        call,
      });
      return read(value, latency_ms, call);
    },
  };
}

/** Everything that the SDK would take from the environment, log or try again by itself is settled here. */
function clientFor(baseURL: string, apiKey: string, timeout: number): Anthropic {
  const fetch = boundedFetch as typeof globalThis.fetch;
  return new Anthropic({ baseURL, apiKey, timeout, fetch, maxRetries: 0, logLevel: 'off', openTelemetry: false });
}

async function ask(
  client: Anthropic,
  request: Parameters<typeof paramsOf>[0],
  signal: AbortSignal,
  call: FailedCall,
): Promise<Anthropic.Message> {
  try {
    return await client.messages.create(paramsOf(request), { signal });
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(error.message, call);
    if (!(error instanceof Anthropic.APIError) || error.status === undefined) throw error;
    const { status, headers, apiMessage, message } = error;
    throw statusFailure(
      { status, retry_after: headers?.get('retry-after') ?? null, message: apiMessage ?? message },
      call,
    );
  }
}

function read(message: Anthropic.Message, latency_ms: number, call: FailedCall): ModelAnswer {
  try {
    return answerOf(message, latency_ms);
  } catch (error) {
    throw malformed((error as Error).message, call);
  }
}

const plugin: Plugin = {
  name: 'anthropic',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: { type: 'object', additionalProperties: false },
  apply(_hooks, _options, { models, variable }) {
    models.register('anthropic', anthropicAdapter(variable));
  },
};

export default plugin;
