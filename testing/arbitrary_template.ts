import fc from 'fast-check';
import type { Json } from '../kernel/json.ts';

interface Shape {
  readonly type: 'standard' | 'decision' | 'deferred' | 'batchable';
  readonly picks: readonly number[];
  readonly max_attempts: number;
  readonly on_failure: 'block' | 'continue' | 'fail_task';
}

const shape: fc.Arbitrary<Shape> = fc.record({
  type: fc.constantFrom('standard', 'standard', 'decision', 'decision', 'deferred', 'batchable'),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
  max_attempts: fc.integer({ min: 1, max: 4 }),
  on_failure: fc.constantFrom('block', 'continue', 'fail_task'),
});

/**
 * Documents of valid templates over all step types, of the handler `simulated`: each step depends on some of those
 * before it, a fan-out is followed by its worker, and a decision that nothing could be chosen of is a standard step.
 */
export const arbitraryTemplate: fc.Arbitrary<Json> = fc
  .array(shape, { minLength: 1, maxLength: 12 })
  .map((shapes) => ({ name: 'generated', steps: withChoices(stepsOf(shapes)) as unknown as Json }));

interface Step {
  readonly name: string;
  readonly type: string;
  readonly dependencies: readonly string[];
}

function stepsOf(shapes: readonly Shape[]): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, { type, picks, max_attempts, on_failure }] of shapes.entries()) {
    const name = `s${index}`;
    const dependencies = [...new Set(picks.flatMap((pick) => steps[pick % steps.length]?.name ?? []))];
    const rest = {
      handler: { catalog: 'simulated' },
      retry: { max_attempts, base_ms: 100, max_ms: 5_000 },
      on_failure,
    };
    const isPossible = type !== 'deferred' || dependencies.length > 0;
    steps.push({ name, type: isPossible ? type : 'standard', dependencies, ...rest });
    if (type === 'batchable') steps.push({ name: `${name}_work`, type: 'batch_worker', dependencies: [name], ...rest });
  }
  return steps;
}

function withChoices(steps: readonly Step[]): readonly Step[] {
  const chosen = new Set(steps.flatMap(({ type, dependencies }) => (type === 'deferred' ? [] : dependencies)));
  return steps.map((step) =>
    step.type === 'decision' && !chosen.has(step.name) ? { ...step, type: 'standard' } : step,
  );
}
