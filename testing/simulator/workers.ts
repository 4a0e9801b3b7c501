import type { Command, Fence, Outcome } from '../../kernel/task/commands.ts';
import { choicesOf } from '../../kernel/task/creation.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import type { Random } from './random.ts';
import type { Temper } from './temper.ts';

/** How a simulated dispatch ends; what it answers says which dispatch it is of. */
export function answer(random: Random, temper: Temper, state: TaskState, fence: Fence, at: number): Command {
  if (random.chance(temper.unavailable)) return { kind: 'record_unavailable', at, ...fence };
  if (random.chance(temper.failure)) {
    const failure = { code: 'simulated', message: 'it failed', retryable: random.chance(temper.retryable) };
    return { kind: 'record_failure', at, ...fence, failure };
  }
  const step = state.steps.get(fence.step_id)!;
  return { kind: 'record_outcome', at, ...fence, outcome: outcomeOf(random, temper, state, step, fence) };
}

function outcomeOf(random: Random, temper: Temper, state: TaskState, step: StepState, fence: Fence): Outcome {
  const { type } = compiledOf(state, step).definition;
  const result = { of: { ...fence } };
  if (step.activation < 3 && random.chance(temper.suspension)) {
    return {
      kind: 'suspend',
      state: result,
      request: { title: 'simulated' },
      signals: {},
      deadlines: random.some(['soon', 'late'], 0.7).map((name) => ({ name, after_ms: random.below(30_000) })),
    };
  }
  if (random.chance(0.02)) return { kind: 'complete', result };
  if (type === 'batchable') {
    const items = drawItems(random, temper.items_max);
    const max_concurrency = random.pick([0, 1, 2, 3, items.length]);
    return { kind: 'batches', items, max_concurrency, result: { ...result, items, tolerance: drawTolerance(random) } };
  }
  if (type !== 'decision') return { kind: 'complete', result };
  const names = random.some(choicesOf(state, step), 0.6);
  return { kind: 'branch', result, steps: random.chance(0.02) ? [...names, 'nobody'] : names };
}

/** Items that differ, so that each is known again; often none or one. */
export function drawItems(random: Random, most: number): { readonly item: number; readonly salt: number }[] {
  const length = random.chance(0.15) ? 0 : random.below(most + 1);
  return Array.from({ length }, (_, item) => ({ item, salt: random.below(1_000_000) }));
}

const PERCENTAGES = [0, 10, 20, 25, 33, 50, 75, 100] as const;

function drawTolerance(random: Random): { readonly count?: number; readonly percentage?: number } {
  const count = random.below(4);
  const percentage = random.pick(PERCENTAGES);
  return random.pick([{}, { count }, { percentage }, { count, percentage }]);
}
