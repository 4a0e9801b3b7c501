import type { JsonObject } from '../../../kernel/json.ts';
import { integer, item, text } from './describe.ts';

/** Node's longest timeout. */
const MS_MAX = 2 ** 31 - 1;

/** A number of a map's item, which has no default. */
function whole(description: string, minimum: number, maximum: number): JsonObject {
  const { default: _, ...rest } = integer(description, minimum, minimum, maximum);
  return rest;
}

function price(description: string): JsonObject {
  return { type: 'number', minimum: 0, maximum: 1_000_000, description };
}

const PRICES: JsonObject = {
  ...item(
    {
      input: price('For tokens that are read.'),
      output: price('For tokens that are written.'),
      cache_read: price("For tokens that are read from the provider's cache; `input` when absent."),
      cache_write: price('For tokens that are put into it; `input` when absent.'),
    },
    ['input', 'output'],
  ),
  description:
    'US dollars for a million tokens. Budgets count with them, so they must be there: zeros for a model that costs nothing.',
};

/** `models`: which models there are and what they cost. */
export const MODELS: JsonObject = {
  type: 'object',
  description: 'The models that planning may call, by the name that planning steps use.',
  additionalProperties: item(
    {
      adapter: text('What speaks to it: `anthropic`, `openai_compatible`, or an adapter of a plugin.'),
      model: text("The provider's name of the model."),
      base_url: text("URL of the provider's API; the adapter's own when absent.", { pattern: '^https?://' }),
      key_variable: text(
        'The environment variable that holds the key; `ANTHROPIC_API_KEY` for `anthropic` and none for others when absent.',
        { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      ),
      max_output_tokens: whole('The most tokens of one answer.', 1, 1_000_000),
      context_tokens: whole('What prompt and answer may have together, in tokens.', 1, 100_000_000),
      timeout_ms: whole('Milliseconds for one call, to its last byte.', 1, MS_MAX),
      prices: PRICES,
    },
    ['adapter', 'model', 'max_output_tokens', 'context_tokens', 'timeout_ms', 'prices'],
  ),
  default: {},
};
