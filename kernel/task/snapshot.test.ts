import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { GOLDEN_DIRECTORY, type Golden } from '../../testing/simulator/golden.ts';
import { snapshot as textOf } from '../../testing/simulator/invariants.ts';
import { runWorld } from '../../testing/simulator/simulate.ts';
import { assert, suite } from '../../testing/suite.ts';
import { compileTrusted } from '../template/compile.ts';
import type { CompiledTemplate } from '../template/types.ts';
import { apply, fold, foldOnto } from './apply.ts';
import type { JournalEntry, TaskEvent } from './events.ts';
import { Origins, type PackedStep, packStep, type StepOrigin, unpackStep } from './packed_step.ts';
import { restore, STATE_VERSION, snapshotOf, type TaskSnapshot } from './snapshot.ts';
import { emptyTask, type TaskState } from './state.ts';

const test = suite('snapshots');

/** As a store gives it back: as JSON, its steps packed. */
function kept(state: TaskState): TaskSnapshot {
  const { steps, ...rest } = snapshotOf(state);
  const origins = new Origins();
  const packed = steps.map((step) => packStep(step, origins));
  const text = JSON.stringify({ ...rest, packed, origins: origins.take() });
  const {
    packed: read,
    origins: known,
    ...others
  } = JSON.parse(text) as {
    packed: PackedStep[];
    origins: StepOrigin[];
  } & Omit<TaskSnapshot, 'steps'>;
  return { ...others, steps: read.map((step) => unpackStep(step, known)) };
}

function restored(compiled: CompiledTemplate, snapshot: TaskSnapshot): TaskState {
  const back = restore(compiled, snapshot);
  if ('problem' in back) throw new Error(back.problem);
  return back.state;
}

/** Goes through events, leaving the state for its snapshot's after as many of them as a cut says. */
function foldCutting(compiled: CompiledTemplate, events: readonly TaskEvent[], cuts: ReadonlySet<number>): TaskState {
  let state = emptyTask(compiled, new Map(), new Map());
  for (const [index, event] of events.entries()) {
    if (index > 0 && cuts.has(index)) {
      const left = state;
      state = restored(compiled, kept(left));
      assert.is(textOf(state), textOf(left));
    }
    state = apply(state, event);
  }
  return state;
}

function eventsOf(entries: readonly JournalEntry[]): TaskEvent[] {
  return entries.flatMap((entry) => entry.events);
}

async function goldens(): Promise<readonly Golden[]> {
  const files = (await readdir(GOLDEN_DIRECTORY)).filter((file) => file.endsWith('.json'));
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(new URL(file, GOLDEN_DIRECTORY), 'utf8')) as Golden),
  );
}

/** Golden journals name digests of their own. */
function compiledFor({ template, entries }: Pick<Golden, 'template' | 'entries'>): CompiledTemplate {
  const [first] = eventsOf(entries);
  return compileTrusted(template, first?.kind === 'task_created' ? first.template.digest : '');
}

test('every golden history, cut anywhere, folds on from its snapshot to the same bytes', async () => {
  for (const golden of await goldens()) {
    const compiled = compiledFor(golden);
    const expected = textOf(fold(compiled, golden.entries));
    const events = eventsOf(golden.entries);
    for (let cut = 1; cut <= events.length; cut++) {
      assert.is(textOf(foldCutting(compiled, events, new Set([cut]))), expected, `${golden.covers} at ${cut}`);
    }
    const everywhere = new Set(events.map((_, index) => index));
    assert.is(textOf(foldCutting(compiled, events, everywhere)), expected);
  }
});

test('any history of the simulator, cut anywhere, folds on to the same bytes', () =>
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (seed, picks) => {
      const { journal, state } = runWorld(seed).world;
      const cuts = new Set(picks.map((pick) => pick % state.head.seq));
      assert.is(textOf(foldCutting(state.compiled, eventsOf(journal), cuts)), textOf(fold(state.compiled, journal)));
    }),
    { numRuns: 300 },
  ));

test('what is folded after a snapshot was taken is not in it', async () => {
  for (const golden of await goldens()) {
    const compiled = compiledFor(golden);
    const [first, ...rest] = golden.entries;
    const state = fold(compiled, [first!]);
    const snapshot = snapshotOf(state);
    const text = JSON.stringify(snapshot);
    foldOnto(state, rest);
    assert.is(JSON.stringify(snapshot), text);
  }
});

test('an entry that does not follow the snapshot is damage', () => {
  const { journal, state } = runWorld(1).world;
  const cut = restored(state.compiled, kept(fold(state.compiled, journal.slice(0, 2))));
  assert.throws(
    () => foldOnto(cut, journal.slice(3)),
    (error: Error) => error.message.includes('cannot be folded'),
  );
});

test('a snapshot of another version or template is refused, and says which', () => {
  const { state } = runWorld(1).world;
  const { compiled } = state;
  const snapshot = kept(state);
  const problemOf = (of: CompiledTemplate, changed: Partial<TaskSnapshot>): string => {
    const back = restore(of, { ...snapshot, ...changed });
    return 'problem' in back ? back.problem : 'none';
  };
  assert.is(problemOf(compiled, {}), 'none');
  assert.match(problemOf(compiled, { version: STATE_VERSION + 1 }), `state version ${STATE_VERSION + 1}`);
  assert.match(problemOf({ ...compiled, digest: 'sha256:ab' }, {}), 'not sha256:ab');
  assert.match(problemOf(compiled, { template_digest: 'sha256:ab' }), 'of template sha256:ab');
  const head = { ...snapshot.head, template: { ...snapshot.head.template!, digest: 'sha256:ab' } };
  assert.is.not(problemOf(compiled, { head }), 'none');
});

test('the shape of a state is that of its version', async () => {
  // A change here means that snapshots of the code before are read wrongly: raise STATE_VERSION with it.
  const golden = (await goldens()).find(({ entries }) =>
    eventsOf(entries).some(({ kind }) => kind === 'steps_created'),
  );
  const state = fold(compiledFor(golden!), golden!.entries);
  const [step] = state.steps.values();
  assert.is(STATE_VERSION, 2);
  assert.is(
    Object.keys(state.head).join(' '),
    'id seq status reason paused context template submitted_by idempotency_key traceparent created_at updated_at settled_at count blocking_errors account',
  );
  assert.is(
    Object.keys(step!).join(' '),
    'id name template_index status pin provenance dependencies unmet_dependencies attempt activation attempts_forgiven created_at enqueued_at settled_at result branch failure retry_at retry_due suspension resume inbox signal_ids receipt resolved share batch dead_letter plan',
  );
});
