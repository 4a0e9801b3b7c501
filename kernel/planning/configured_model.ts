/** Where a model is, and who pays for it. Holds no key. */
export interface ModelEndpoint {
  /** URL of the provider's API; the adapter's default when absent. */
  readonly base_url?: string;
  /** The environment variable that holds the key; the adapter's default when absent. */
  readonly key_variable?: string;
}

/** A model as the operator config describes it, under the name that planning steps use. */
export interface ConfiguredModel extends ModelEndpoint {
  /** Name of the adapter that speaks to it, as `anthropic`. */
  readonly adapter: string;
  /** The provider's name of the model. */
  readonly model: string;
  /** The most tokens of one answer. */
  readonly max_output_tokens: number;
  /** What prompt and answer may have together. */
  readonly context_tokens: number;
  /** For one call, to its last byte. */
  readonly timeout_ms: number;
  readonly prices: ModelPrices;
}

/** By name. */
export type ConfiguredModels = Readonly<Record<string, ConfiguredModel>>;

/** US dollars for a million tokens. */
export interface ModelPrices {
  readonly input: number;
  readonly output: number;
  /** Of input that comes from the provider's cache; as other input when absent. */
  readonly cache_read?: number;
  /** Of input that is put into it; as other input when absent. */
  readonly cache_write?: number;
}

/** Tokens of one call; the four add up to all that was read and written. */
export interface ModelUsage {
  /** Read, without what the cache was read or written for. */
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
}

const MILLION = 1_000_000;

/** What a call cost, in US dollars. */
export function costOf(usage: ModelUsage, prices: ModelPrices): number {
  const { input, output, cache_read = input, cache_write = input } = prices;
  const micro =
    usage.input_tokens * input +
    usage.output_tokens * output +
    usage.cache_read_tokens * cache_read +
    usage.cache_write_tokens * cache_write;
  return micro / MILLION;
}

/** The price of the dearest way to read a token: what a call is reserved at, before it is known what is cached. */
export function dearestInput({ input, cache_read = input, cache_write = input }: ModelPrices): number {
  return Math.max(input, cache_read, cache_write);
}
