import fc from 'fast-check';
import type { Json, JsonObject } from '../kernel/json.ts';

interface Shape {
  readonly type: 'standard' | 'decision' | 'deferred' | 'batchable';
  readonly picks: readonly number[];
  readonly max_items: number;
  readonly refers: boolean;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  type: fc.constantFrom('standard', 'standard', 'decision', 'deferred', 'batchable'),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
  max_items: fc.nat(9),
  refers: fc.boolean(),
});

interface Step {
  readonly name: string;
  readonly type: string;
  readonly dependencies: readonly string[];
  readonly [key: string]: Json;
}

/**
 * Documents of fragments over all step types, of the handler `simulated`; nearly all are valid. `joined`: the exit also
 * waits for a step that no decision stands before.
 */
export const arbitraryFragment: fc.Arbitrary<JsonObject> = fc
  .record({ shapes: fc.array(shape, { minLength: 1, maxLength: 10 }), joined: fc.boolean() })
  .map(({ shapes, joined }) => {
    const steps = withExit(withChoices(stepsOf(shapes)), joined);
    return {
      fragment_version: '1.0',
      planning_context: { goal: 'a', reasoning: 'b' },
      steps: steps as unknown as readonly Json[],
      convergence: { exit_step: 'exit' },
      resource_bounds: { max_steps: 500 },
    };
  });

function stepsOf(shapes: readonly Shape[]): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, { type, picks, max_items, refers }] of shapes.entries()) {
    const dependencies = [...new Set(picks.flatMap((pick) => steps[pick % steps.length]?.name ?? []))];
    const isPossible = type !== 'deferred' || dependencies.length > 0;
    const [first] = dependencies;
    const source = first?.endsWith('_work') === true ? `\${steps.${first}.results}` : `\${steps.${first}.result.a[0]}`;
    steps.push({
      ...stepNamed(`s${index}`, isPossible ? type : 'standard', dependencies),
      ...(type === 'batchable' ? { max_items } : {}),
      ...(refers && first !== undefined ? { inputs: { a: source, b: `text ${source} of \${task.id}` } } : {}),
    });
    if (type === 'batchable') steps.push(stepNamed(`s${index}_work`, 'batch_worker', [`s${index}`]));
  }
  return steps;
}

function stepNamed(name: string, type: string, dependencies: readonly string[]): Step {
  return { name, type, dependencies, reasoning: 'r', handler: { catalog: 'simulated', config: {} } };
}

function withChoices(steps: readonly Step[]): readonly Step[] {
  const chosen = new Set(steps.flatMap(({ type, dependencies }) => (type === 'deferred' ? [] : dependencies)));
  return steps.map((step) =>
    step.type === 'decision' && !chosen.has(step.name) ? { ...step, type: 'standard' } : step,
  );
}

/** A fragment ends in one step, which waits for all that nothing else waits for. */
function withExit(steps: readonly Step[], joined: boolean): readonly Step[] {
  const waitedFor = new Set(steps.flatMap(({ dependencies }) => dependencies));
  const ends = steps.filter(({ name }) => !waitedFor.has(name)).map(({ name }) => name);
  const first = joined && steps[0]!.type === 'standard' ? [steps[0]!.name] : [];
  return [...steps, stepNamed('exit', 'deferred', [...new Set([...first, ...ends])])];
}

/** A change to a document, wherever it is made. */
export interface DocumentMutation {
  readonly kind: 'remove' | 'replace' | 'repeat' | 'swap' | 'rename' | 'wrap';
  /** Of all places in the document, in order. */
  readonly place: number;
  readonly other: number;
  readonly junk: Json;
}

/** What planners put where it does not belong. */
const junk: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    ...[
      null,
      true,
      -1,
      0,
      1e308,
      10_001,
      2 ** 53,
      '',
      'exit',
      's0',
      's1',
      'simulated',
      'nobody',
      '__proto__',
      '\ud800',
    ],
    ...[
      '${steps.s0.result}',
      '${steps.exit.result.a}',
      '${batch.item}',
      '${secrets.ROOT}',
      '${plans.plan.output}',
      '${',
    ],
    ...['standard', 'decision', 'deferred', 'batchable', 'batch_worker', 'planning', 'fetсh', 'a'.repeat(300)],
    ...[[], {}, [[[]]], ['s0', 's0'], { $ref: '#' }, { a: { b: [1] } }],
  ),
  fc.jsonValue() as fc.Arbitrary<Json>,
);

export const documentMutations: fc.Arbitrary<readonly DocumentMutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('remove', 'replace', 'replace', 'repeat', 'swap', 'rename', 'wrap'),
    place: fc.nat(),
    other: fc.nat(),
    junk,
  }),
  { maxLength: 4 },
);

type Container = Record<string | number, Json> | Json[];

/** The document after some changes; the one that is given stays as it is. */
export function mutateDocument(document: Json, mutations: readonly DocumentMutation[]): Json {
  const box: Container = [structuredClone(document)];
  for (const mutation of mutations) mutate(box, mutation);
  return box[0] ?? null;
}

function mutate(box: Container, { kind, place, other, junk }: DocumentMutation): void {
  const places = placesIn(box);
  const { container, key } = places[place % places.length]!;
  const second = places[other % places.length]!;
  const value = (container as Record<string | number, Json>)[key]!;
  const set = (at: { container: Container; key: string | number }, to: Json) => {
    Object.defineProperty(at.container, at.key, { value: to, writable: true, enumerable: true, configurable: true });
  };
  switch (kind) {
    case 'remove':
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      break;
    case 'replace':
      set({ container, key }, structuredClone(junk));
      break;
    case 'repeat':
      if (Array.isArray(container)) container.push(structuredClone(value));
      else set({ container, key: `${key}_again` }, structuredClone(value));
      break;
    case 'swap': {
      const there = structuredClone((second.container as Record<string | number, Json>)[second.key]!);
      set(second, structuredClone(value));
      set({ container, key }, there);
      break;
    }
    case 'rename':
      if (!Array.isArray(container)) set({ container, key: typeof junk === 'string' ? junk : 'renamed' }, value);
      break;
    case 'wrap':
      set({ container, key }, other % 2 === 0 ? [value] : { value });
  }
}

function placesIn(box: Container): readonly { readonly container: Container; readonly key: string | number }[] {
  const found: { readonly container: Container; readonly key: string | number }[] = [];
  const walk = (container: Container) => {
    const keys = Array.isArray(container) ? container.keys() : Object.keys(container);
    for (const key of keys) {
      found.push({ container, key });
      const value = (container as Record<string | number, Json>)[key];
      if (typeof value === 'object' && value !== null) walk(value as Container);
    }
  };
  walk(box);
  return found.length === 0 ? [{ container: box, key: 0 }] : found;
}
