import type { OnFailure, StepDefinition, StepType, Template } from '../../kernel/template/types.ts';
import type { Random } from './random.ts';

const STEPS_MAX = 14;
/** `rare` has no worker for a while, `picky` refuses some items. */
const HANDLERS = [...Array.from({ length: 18 }, () => 'simulated'), 'rare', 'picky', 'picky'];

/** A random frame over all step types, closed under the template rules. */
export function generateTemplate(random: Random): Template {
  const steps: StepDefinition[] = [];
  const length = 1 + random.below(STEPS_MAX);
  for (let index = 0; index < length; index++) {
    const earlier = steps.map((step) => step.name);
    const dependencies = random.some(earlier, Math.min(1, 2.2 / Math.max(1, earlier.length)));
    const step = generateStep(random, `s${index}`, dependencies);
    steps.push(step);
    if (step.type !== 'batchable') continue;
    const worker = generateStep(random, `s${index}_worker`, [step.name]);
    steps.push({ ...worker, type: 'batch_worker' });
  }
  return {
    name: 'simulated',
    namespace: 'default',
    version: '1.0.0',
    description: '',
    egress: [],
    secrets: [],
    steps,
  };
}

function generateStep(random: Random, name: string, dependencies: readonly string[]): StepDefinition {
  const type: StepType = random.chance(0.25)
    ? 'decision'
    : random.chance(0.25) && dependencies.length > 0
      ? 'deferred'
      : random.chance(0.3)
        ? 'batchable'
        : 'standard';
  return {
    name,
    type,
    handler: { catalog: random.pick(HANDLERS), config: {} },
    dependencies,
    retry: {
      max_attempts: 1 + random.below(4),
      backoff: random.pick(['none', 'linear', 'exponential'] as const),
      base_ms: random.below(2_000),
      max_ms: 10_000,
      jitter: random.unit(),
    },
    timeout_ms: 1_000,
    on_failure: random.pick<OnFailure>(['block', 'continue', 'continue', 'fail_task']),
  };
}
