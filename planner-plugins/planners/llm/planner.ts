import {
  type ConfiguredModel,
  type ConfiguredModels,
  costOf,
  dearestInput,
  didYouMean,
  type JsonObject,
  type ModelAdapter,
  type ModelAnswer,
  NO_USAGE,
  type Planner,
  PlannerFailure,
  type PlanUsage,
} from '../../../kernel/index.ts';
import { type CallLimits, composeRequest } from './compose_request.ts';
import type { Prompt } from './prompt.ts';
import { readAnswer } from './read_answer.ts';

/** What the planner is made of. */
export interface LlmPlannerParts {
  readonly description: string;
  readonly models: ConfiguredModels;
  /** For planning steps that name no model; the only one there is when absent. */
  readonly default_model?: string;
  /** By the name that a model has. Looked up for each call. */
  adapter(name: string, model: ConfiguredModel): ModelAdapter | undefined;
  readonly prompt: Prompt;
  readonly limits: CallLimits;
}

/** A planner that asks a model: one call for each proposal, made from what was recorded of the earlier ones. */
export function llmPlanner(parts: LlmPlannerParts): Planner {
  const { limits, prompt } = parts;
  return {
    description: parts.description,
    spends(name) {
      const model = modelNamed(parts, name);
      // A planning step that names no such model fails when it plans, with what there is.
      if (model === undefined) return { llm_calls: 1, tokens: 0, cost_usd: 0 };
      const { max_output_tokens: answer, prices } = model;
      const read = Math.min(limits.prompt_tokens_max, model.context_tokens - limits.answer_tokens_min);
      return {
        llm_calls: 1,
        tokens: read + answer,
        cost_usd: (read * dearestInput(prices) + answer * prices.output) / 1e6,
      };
    },
    async plan(plan, { signal, describe }) {
      const model = modelNamed(parts, plan.model) ?? missing(parts, plan.model);
      const adapter = parts.adapter(model.adapter, model) ?? withoutAdapter(model);
      const shown = (name: string): JsonObject | undefined => describe?.(name);
      const { request } = composeRequest(plan, { model, prompt, limits, describe: shown });
      const answer = await adapter.call(request, { signal });
      const { endpoint: _, ...reviewable } = request;
      return {
        ...readAnswer(answer),
        model: answer.model,
        usage: usageOf(answer, model),
        prompt: { text: JSON.stringify(reviewable), media_type: 'application/json' },
        prompt_version: prompt.version,
      };
    },
  };
}

function modelNamed({ models, default_model }: LlmPlannerParts, name: string | null): ConfiguredModel | undefined {
  const names = Object.keys(models);
  const wanted = name ?? default_model ?? (names.length === 1 ? names[0] : undefined);
  return wanted !== undefined && Object.hasOwn(models, wanted) ? models[wanted] : undefined;
}

function missing({ models }: LlmPlannerParts, name: string | null): never {
  const names = Object.keys(models);
  const there = names.length === 0 ? 'weft.yaml has no "models"' : `there are: ${names.join(', ')}`;
  const message =
    name === null
      ? `the planning step names no model, and no default is set; ${there}`
      : `there is no model "${name}"; ${didYouMean(name, names) ?? there}`;
  throw new PlannerFailure({ code: 'model_unknown', message, retryable: false, usage: NO_USAGE });
}

function withoutAdapter({ adapter, model }: ConfiguredModel): never {
  const message = `no plugin has the adapter "${adapter}" of ${model}; \`weft plugins list\` shows those that are loaded`;
  throw new PlannerFailure({ code: 'adapter_unknown', message, retryable: false, usage: NO_USAGE });
}

function usageOf({ usage }: ModelAnswer, { prices }: ConfiguredModel): PlanUsage {
  const { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = usage;
  return {
    input_tokens: input_tokens + cache_read_tokens + cache_write_tokens,
    output_tokens,
    cache_read_tokens,
    cost_usd: costOf(usage, prices),
  };
}
