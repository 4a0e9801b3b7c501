import type { Json, ModelAdapter, ModelRequest, Plugin } from '../../../kernel/index.ts';
import { boundedFetch } from '../../model_call/bounded_fetch.ts';
import { TIMEOUT_MS_DEFAULT, withDeadline } from '../../model_call/deadline.ts';
import { type FailedCall, malformed, placeOf, statusFailure, unauthorized } from '../../model_call/failure.ts';
import { answerOf, bodyOf } from './chat.ts';

/** Where Ollama listens. */
const BASE_URL = 'http://127.0.0.1:11434/v1';

/**
 * Speaks OpenAI's chat completions, which Ollama, vLLM, llama.cpp and others serve as well. `variable` looks keys up,
 * anew for each call; without a `key_variable` none is sent.
 */
export function openaiCompatibleAdapter(variable: (name: string) => string | undefined): ModelAdapter {
  return {
    description: 'Chat completions with tools, as OpenAI, Ollama, vLLM and llama.cpp serve them.',
    async call(request, { signal }) {
      const { base_url = BASE_URL, key_variable } = request.endpoint ?? {};
      const key = key_variable === undefined ? undefined : variable(key_variable);
      const call: FailedCall = { at: placeOf(base_url), key_variable, key };
      if (key_variable !== undefined && !key) throw unauthorized(`there is no key for ${call.at}`, call);
      const timeout_ms = request.timeout_ms ?? TIMEOUT_MS_DEFAULT;
      const url = `${base_url.replace(/\/+$/, '')}/chat/completions`;
      const { value, latency_ms } = await withDeadline((both) => ask(url, request, both, call), {
        signal,
        timeout_ms,
        call,
      });
      try {
        return answerOf(value, request, latency_ms);
      } catch (error) {
        throw malformed((error as Error).message, call);
      }
    },
  };
}

async function ask(url: string, request: ModelRequest, signal: AbortSignal, call: FailedCall): Promise<Json> {
  const response = await boundedFetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(call.key === undefined ? {} : { authorization: `Bearer ${call.key}` }),
    },
    body: JSON.stringify(bodyOf(request)),
    signal,
  });
  const text = await response.text();
  if (response.status !== 200) {
    const { status, headers } = response;
    throw statusFailure({ status, retry_after: headers.get('retry-after'), message: messageOf(text) }, call);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw malformed((error as Error).message, call);
  }
}

/** `{error: {message}}`, `{error: "…"}`, or whatever the server wrote. */
function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } | string };
    const message = typeof error === 'object' ? error?.message : error;
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}

const plugin: Plugin = {
  name: 'openai_compatible',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema: { type: 'object', additionalProperties: false },
  apply(_hooks, _options, { models, variable }) {
    models.register('openai_compatible', openaiCompatibleAdapter(variable));
  },
};

export default plugin;
