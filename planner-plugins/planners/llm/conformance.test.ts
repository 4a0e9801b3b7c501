import { plannerConformance } from '../../../host/conformance/planner.ts';
import type { ConfiguredModel } from '../../../kernel/index.ts';
import { submits, VALID_PLAN } from '../../../testing/model_server/plans.ts';
import { startModelServer } from '../../../testing/model_server/server.ts';
import { catalogEntry, planCall, planRequest } from '../../../testing/plan_request.ts';
import { suite } from '../../../testing/suite.ts';
import { anthropicAdapter } from '../../llm/anthropic/plugin.ts';
import { recipesPlanner } from '../recipes/plugin.ts';
import { llmPlanner } from './planner.ts';
import { DEFAULT_LIMITS } from './plugin.ts';
import { readPrompt } from './prompt.ts';

const ENTRIES = [catalogEntry('transform')];
const request = planRequest(ENTRIES);
const { describe } = planCall(ENTRIES);

plannerConformance(suite('llm is a planner'), async () => {
  const server = await startModelServer(() => submits(VALID_PLAN));
  const model: ConfiguredModel = {
    adapter: 'anthropic',
    model: 'claude-test',
    base_url: server.url,
    max_output_tokens: 4_000,
    context_tokens: 200_000,
    timeout_ms: 20_000,
    prices: { input: 3, output: 15 },
  };
  const planner = llmPlanner({
    description: 'A model.',
    models: { test: model },
    adapter: () => anthropicAdapter(() => 'a key'),
    prompt: readPrompt(),
    limits: DEFAULT_LIMITS,
  });
  return { planner, request, describe: describe!, close: server.close };
});

plannerConformance(suite('recipes is a planner'), async () => ({
  planner: recipesPlanner([{ name: 'only', fragment: VALID_PLAN }]),
  request,
}));
