import { readFileSync } from 'node:fs';
import type { JsonObject, Planner, Plugin } from '../../../kernel/index.ts';
import { type Cassette, readCassette } from '../../cassette/format.ts';
import { replaying } from '../../cassette/replay.ts';
import { llmPlanner } from '../llm/planner.ts';
import { DEFAULT_LIMITS } from '../llm/plugin.ts';
import { readPrompt } from '../llm/prompt.ts';

/** What the operator may set; without a cassette every plan is missing. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cassette: { type: 'string', minLength: 1, description: 'The file that the planner `llm` has recorded.' },
    prompt_tokens_max: {
      type: 'integer',
      minimum: 2_000,
      default: DEFAULT_LIMITS.prompt_tokens_max,
      description: 'As it was for `llm`.',
    },
    answer_tokens_min: {
      type: 'integer',
      minimum: 1,
      default: DEFAULT_LIMITS.answer_tokens_min,
      description: 'As it was for `llm`.',
    },
  },
} as const satisfies JsonObject;

/** Plans as `llm` did when a cassette was recorded. No model is asked; what was not recorded fails. */
export function replayPlanner(cassette: Cassette, at: string, limits: Partial<typeof DEFAULT_LIMITS> = {}): Planner {
  const adapter = replaying(cassette, at);
  return llmPlanner({
    description: `Recorded plans of ${at}; no model is asked.`,
    models: { [cassette.name]: cassette.model },
    default_model: cassette.name,
    adapter: () => adapter,
    prompt: readPrompt(),
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
}

const plugin: Plugin = {
  name: 'replay',
  version: '1.0.0',
  kernel: '^1',
  optionsSchema,
  apply(_hooks, options, { planners }) {
    const { cassette, ...limits } = options as { readonly cassette?: string } & Partial<typeof DEFAULT_LIMITS>;
    // Whoever has no cassette plans otherwise.
    if (cassette === undefined) return;
    planners.register('replay', replayPlanner(readCassette(readFileSync(cassette, 'utf8')), cassette, limits));
  },
};

export default plugin;
