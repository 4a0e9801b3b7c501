import {
  type ConfiguredModel,
  dearestInput,
  type ModelRequest,
  NO_USAGE,
  PlannerFailure,
  type PlanRequest,
} from '../../../kernel/index.ts';
import { type CatalogTier, catalogText, type Describe } from './catalog_text.ts';
import { messagesOf } from './conversation.ts';
import type { Prompt } from './prompt.ts';
import { promptTokens } from './tokens.ts';
import { TOOLS } from './tools.ts';

/** What one call may read and say, whatever the model could. */
export interface CallLimits {
  readonly prompt_tokens_max: number;
  /** An answer with fewer holds no plan: the model is not asked then. */
  readonly answer_tokens_min: number;
}

/** A request that keeps to all limits, and how many tokens of prompt it was counted with. */
export interface ComposedRequest {
  readonly request: ModelRequest;
  readonly prompt_tokens: number;
}

const TIERS: readonly CatalogTier[] = [3, 2, 1];

/**
 * Builds the request of one call. The catalog is shown as fully as the prompt has room for; when even its names do not
 * fit, the oldest refused answers are left out.
 * @throws PlannerFailure `prompt_too_large`, `allowance_too_small`; nothing was spent then
 */
export function composeRequest(
  plan: PlanRequest,
  given: {
    readonly model: ConfiguredModel;
    readonly prompt: Prompt;
    readonly limits: CallLimits;
    readonly describe: Describe;
  },
): ComposedRequest {
  const { model, limits } = given;
  const room = promptRoom(plan, model, limits);
  const { base_url, key_variable } = model;
  for (let forgotten = 0; forgotten <= plan.feedback.length; forgotten++) {
    const messages = messagesOf({ ...plan, feedback: plan.feedback.slice(forgotten) }, given.describe);
    for (const tier of TIERS) {
      const catalog = catalogText(plan.catalog, tier, given.describe);
      const system = [{ text: given.prompt.text }, { text: catalog, cache: true }];
      const prompt_tokens = promptTokens({ system, messages, tools: TOOLS });
      if (prompt_tokens > room) continue;
      return {
        request: {
          model: model.model,
          endpoint: {
            ...(base_url === undefined ? {} : { base_url }),
            ...(key_variable === undefined ? {} : { key_variable }),
          },
          timeout_ms: model.timeout_ms,
          system,
          messages,
          tools: TOOLS,
          max_tokens: answerTokens(plan, model, prompt_tokens),
        },
        prompt_tokens,
      };
    }
  }
  throw new PlannerFailure({
    code: 'prompt_too_large',
    message: `goal, task data and catalog do not fit into ${room} tokens; narrow "catalog" or "context_from" of the planning step, or raise prompt_tokens_max`,
    retryable: false,
    usage: NO_USAGE,
  });
}

/** The most tokens of prompt that leave an answer its least, within limits, context and allowance. */
function promptRoom({ constraints: { allowance } }: PlanRequest, model: ConfiguredModel, limits: CallLimits): number {
  const { answer_tokens_min: least, prompt_tokens_max } = limits;
  const { prices } = model;
  const price = dearestInput(prices);
  const affordable = (allowance.cost_usd * 1e6 - least * prices.output) / price;
  const room = Math.floor(
    Math.min(
      prompt_tokens_max,
      model.context_tokens - least,
      allowance.tokens - least,
      price === 0 ? Number.POSITIVE_INFINITY : affordable,
    ),
  );
  if (room > 0) return room;
  throw new PlannerFailure({
    code: 'allowance_too_small',
    message: `what is left of the budget (${allowance.tokens} tokens, ${allowance.cost_usd} US dollars) pays for no call of ${model.model}`,
    retryable: false,
    usage: NO_USAGE,
  });
}

/** The most tokens of answer that the model, its context and the allowance admit beside the prompt. */
function answerTokens({ constraints: { allowance } }: PlanRequest, model: ConfiguredModel, prompt: number): number {
  const { prices } = model;
  const affordable = (allowance.cost_usd * 1e6 - prompt * dearestInput(prices)) / prices.output;
  return Math.floor(
    Math.min(
      model.max_output_tokens,
      model.context_tokens - prompt,
      allowance.tokens - prompt,
      prices.output === 0 ? Number.POSITIVE_INFINITY : affordable,
    ),
  );
}
