import { join } from 'node:path';
import type { ConfiguredModel, JsonObject, ModelAdapter, Plugin, PluginServices } from '../../../kernel/index.ts';
import { recording } from '../../cassette/record.ts';
import { llmPlanner } from './planner.ts';
import { readPrompt } from './prompt.ts';

/** What the operator may set; `{}` is enough where there is one model. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    default_model: {
      type: 'string',
      description: 'For planning steps that name no model: a name of `models`. Not needed when there is one only.',
    },
    prompt_tokens_max: {
      type: 'integer',
      minimum: 2_000,
      default: 100_000,
      description: 'The most tokens of one prompt, whatever the model could read.',
    },
    answer_tokens_min: {
      type: 'integer',
      minimum: 1,
      default: 1_000,
      description: 'The model is not asked when budget or context leave its answer less.',
    },
    record: {
      type: 'string',
      minLength: 1,
      description: 'A folder: every call of a model is appended to the cassette <name of the model>.jsonl in it.',
    },
  },
} as const satisfies JsonObject;

interface Options {
  readonly default_model?: string;
  readonly prompt_tokens_max?: number;
  readonly answer_tokens_min?: number;
  readonly record?: string;
}

/** What a planner may spend on one call when nothing else is said. */
export const DEFAULT_LIMITS = {
  prompt_tokens_max: optionsSchema.properties.prompt_tokens_max.default,
  answer_tokens_min: optionsSchema.properties.answer_tokens_min.default,
};

const plugin: Plugin = {
  name: 'llm',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(_hooks, given, services) {
    const { default_model, record, ...limits } = given as Options;
    services.planners.register(
      'llm',
      llmPlanner({
        description: 'Asks a model of the operator config.',
        models: services.configured_models,
        ...(default_model === undefined ? {} : { default_model }),
        adapter: (name, model) => recordedIn(record, services.models.get(name), model, services),
        prompt: readPrompt(),
        limits: { ...DEFAULT_LIMITS, ...limits },
      }),
    );
  },
};

export default plugin;

function recordedIn(
  folder: string | undefined,
  adapter: ModelAdapter | undefined,
  model: ConfiguredModel,
  { configured_models, variable }: PluginServices,
): ModelAdapter | undefined {
  if (folder === undefined || adapter === undefined) return adapter;
  const name = Object.keys(configured_models).find((each) => configured_models[each] === model)!;
  const variables = Object.values(configured_models).map(({ key_variable }) => key_variable ?? 'ANTHROPIC_API_KEY');
  const secrets = variables.map(variable).filter((value) => value !== undefined);
  const { base_url: _, key_variable: __, ...kept } = model;
  return recording(adapter, {
    file: join(folder, `${name}.jsonl`),
    header: { weft_cassette: '1.0', name, model: kept },
    secrets,
  });
}
