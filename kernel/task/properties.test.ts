import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { arbitraryTemplate } from '../../testing/arbitrary_template.ts';
import { SITUATIONS } from '../../testing/simulator/batch_audit.ts';
import { GOLDEN_DIRECTORY, type Golden } from '../../testing/simulator/golden.ts';
import { snapshot } from '../../testing/simulator/invariants.ts';
import { PLAN_SITUATIONS } from '../../testing/simulator/plans.ts';
import { runWorld, simulate, simulatePlans } from '../../testing/simulator/simulate.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { JsonObject } from '../json.ts';
import { compileTrusted } from '../template/compile.ts';
import { withDefaults } from '../template/defaults.ts';
import type { Template } from '../template/types.ts';
import { fold } from './apply.ts';
import type { TaskEvent } from './events.ts';
import { STEP_TRANSITIONS } from './step_machine.ts';
import { TASK_TRANSITIONS } from './task_machine.ts';

const RUNS = 300;
const SEEDS = 1_000;
const PLAN_SEEDS = 300;
const test = suite('kernel properties');

/** Any valid template, as it is stored. */
const templates: fc.Arbitrary<Template> = arbitraryTemplate.map((document) =>
  withDefaults(document as unknown as JsonObject, []),
);

/** The world checks its invariants after every commit and compares the replay at every crash; see testing/simulator. */
const inEveryWorld = (holds: (world: ReturnType<typeof runWorld>['world'], template: Template) => void): void =>
  fc.assert(
    fc.property(templates, fc.nat(), (template, seed) => holds(runWorld(seed, template).world, template)),
    { numRuns: RUNS },
  );

test('every task terminates, and its journal folds to the state that lived', () => {
  inEveryWorld((world, template) => {
    const replayed = fold(compileTrusted(template, world.state.compiled.digest), world.journal);
    assert.is(snapshot(replayed), snapshot(world.state));
  });
});

test('a step result is recorded at most once, whatever is duplicated, reordered or late', () => {
  inEveryWorld((world) => {
    const recorded = eventsOf(world.journal)
      .filter((event) => event.kind === 'step_completed' || event.kind === 'step_resolved_manually')
      .map((event) => event.step_id);
    assert.is(new Set(recorded).size, recorded.length);
  });
});

test('a convergence waits for exactly the created branches', () => {
  inEveryWorld((world, template) => {
    const created = new Map(
      eventsOf(world.journal)
        .flatMap((event) => (event.kind === 'steps_created' ? event.steps : []))
        .map((step) => [step.name, step]),
    );
    for (const { name, dependencies } of template.steps) {
      const step = created.get(name);
      if (step === undefined) continue;
      const expected = dependencies
        .filter((dependency) => created.has(dependency))
        .map((each) => created.get(each)!.id);
      assert.equal([...step.dependencies].sort(), expected.sort());
    }
  });
});

test('the simulator ends every seeded task, and comes across all that may happen to batches', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) for (const situation of simulate(seed).situations) seen.add(situation);
  assert.equal(
    SITUATIONS.filter((situation) => !seen.has(situation)),
    [],
  );
});

test('the simulator ends every task that plans: a plan becomes all of its steps or none, and no budget is overdrawn', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= PLAN_SEEDS; seed++)
    for (const situation of simulatePlans(seed).situations) seen.add(situation);
  assert.equal(
    PLAN_SITUATIONS.filter((situation) => !seen.has(situation)),
    [],
  );
});

test('golden histories fold to the states they were recorded with', async () => {
  const files = (await readdir(GOLDEN_DIRECTORY)).filter((file) => file.endsWith('.json'));
  const covered = new Set<string>();
  for (const file of files) {
    const golden = JSON.parse(await readFile(new URL(file, GOLDEN_DIRECTORY), 'utf8')) as Golden;
    const state = fold(compileTrusted(golden.template, 'golden'), golden.entries);
    assert.equal(JSON.parse(snapshot(state)), golden.state, file);
    for (const event of eventsOf(golden.entries)) covered.add(event.kind);
  }
  const kinds = new Set(Object.values(STEP_TRANSITIONS).flatMap((transitions) => Object.keys(transitions)));
  const missing = [...kinds].filter((kind) => !covered.has(kind));
  assert.equal(missing, [], 'every step event is in some golden history');
});

test('every state of both machines is reachable and settled states stay', () => {
  const reachable = new Set(Object.values(STEP_TRANSITIONS).flatMap((transitions) => Object.values(transitions)));
  const unreachable = Object.keys(STEP_TRANSITIONS).filter((status) => !reachable.has(status as never));
  // Plans, and with them what supersedes a step, are not built yet; their shapes are frozen.
  assert.equal(unreachable, ['superseded']);
  const entered = new Set(Object.values(TASK_TRANSITIONS).flat());
  assert.equal(
    Object.keys(TASK_TRANSITIONS).filter((status) => !entered.has(status as never)),
    ['pending'],
  );
});

function eventsOf(journal: Golden['entries']): TaskEvent[] {
  return journal.flatMap((entry) => entry.events);
}
