import fc from 'fast-check';
import { WeftError } from '../../kernel/errors.ts';
import { fold } from '../../kernel/task/apply.ts';
import type { JournalEntry } from '../../kernel/task/events.ts';
import { bursts, COMPILED, ENV, TASKS, type Told } from '../../testing/arbitrary_commands.ts';
import { refusal } from '../../testing/engine_rig.ts';
import { snapshot } from '../../testing/simulator/invariants.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { Store, TaskCommit } from '../store/port.ts';
import { TaskHost } from './task_host.ts';

const test = suite('task host');

const ROWS = {
  dispatched: [],
  undispatched: [],
  timers_set: [],
  timers_cleared: [],
  waiting_set: [],
  waiting_cleared: [],
  dead_letters_set: [],
};
/** Journals in memory; a commit fails when `fails` says so. */
class Journals {
  readonly entries = new Map<string, JournalEntry[]>();
  readonly commits: TaskCommit[] = [];
  readonly #fails: () => boolean;

  constructor(fails: () => boolean = () => false) {
    this.#fails = fails;
  }

  get store(): Store {
    const journals: Pick<Store, 'commit' | 'readJournal'> = {
      commit: async (commit) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#fails()) throw new WeftError('store_unavailable', { problem: 'the test says so' });
        const own = this.entries.get(commit.task_id) ?? [];
        const seq = own.reduce((sum, entry) => sum + entry.events.length, 0);
        assert.is(commit.expected_seq, seq, 'no other writer was first');
        this.commits.push(commit);
        if (commit.events.length > 0) own.push({ version: 1, seq: seq + 1, events: structuredClone(commit.events) });
        this.entries.set(commit.task_id, own);
      },
      readJournal: async (taskId) => this.entries.get(taskId) ?? [],
    };
    return journals as Store;
  }

  events(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.entries].sort().map(([id, entries]) => [id, entries.flatMap((entry) => entry.events)]),
    );
  }
}

function host(journals: Journals, { cachedTasksMax = 100, env = ENV, afterwards = () => {} } = {}): TaskHost {
  const plan = () => ({ commit: ROWS, afterwards });
  return new TaskHost({ store: journals.store, env, loadTemplate: async () => COMPILED, plan, cachedTasksMax });
}

const act = { at: 2_000, by: 'ada', reason: 'because' };

async function create(to: TaskHost, task_id: string): Promise<void> {
  const command = { kind: 'create', at: 1_000, task_id, context: {}, submitted_by: 'ada' } as const;
  await to.create(command, { compiled: COMPILED }, () => undefined);
}

/** Tells a host all of it, each burst at once, and gives what each command was answered with. */
async function tellAll(to: TaskHost, told: readonly Told[][]): Promise<string[]> {
  const answers: string[] = [];
  for (const burst of told) {
    const ended = await Promise.allSettled(
      burst.map(({ task, command }) => to.perform(task, command, (_, own) => own.length)),
    );
    for (const each of ended)
      answers.push(each.status === 'fulfilled' ? `${each.value}` : (each.reason as WeftError).code);
  }
  await to.idle();
  return answers;
}

test('what is kept in memory makes no difference', () =>
  fc.assert(
    fc.asyncProperty(bursts, async (told) => {
      const [keeping, evicting] = [new Journals(), new Journals()];
      const answers = [];
      for (const [journals, cachedTasksMax] of [
        [keeping, 100],
        [evicting, 1],
      ] as const) {
        const to = host(journals, { cachedTasksMax });
        await Promise.all(TASKS.map((task) => create(to, task)));
        answers.push(await tellAll(to, told));
      }
      assert.equal(evicting.events(), keeping.events());
      assert.equal(answers[1], answers[0]);
    }),
    { numRuns: 150 },
  ));

test('whichever commits fail, the state that is seen is the journal’s', () =>
  fc.assert(
    fc.asyncProperty(bursts, fc.infiniteStream(fc.nat({ max: 3 })), async (told, chance) => {
      let isBroken = false;
      const journals = new Journals(() => isBroken && chance.next().value === 0);
      const to = host(journals, { cachedTasksMax: 2 });
      await Promise.all(TASKS.map((task) => create(to, task)));
      isBroken = true;
      await tellAll(to, told);
      for (const [task, entries] of journals.entries) {
        const seen = await to.look(task, snapshot);
        assert.is(seen, snapshot(fold(COMPILED, entries)));
      }
    }),
    { numRuns: 100 },
  ));

test('what waits for a commit shares the next', async () => {
  const journals = new Journals();
  const to = host(journals);
  await create(to, 't');
  const pausing = ['pause', 'resume', 'pause', 'resume'].map((kind) =>
    to.perform('t', { kind: kind as 'pause', ...act }, ({ head }) => head.seq),
  );
  await Promise.all(pausing);
  assert.is(journals.commits.length, 3);
});

test('a view that throws is answered to who asked; the commit and what follows from it stand', async () => {
  const journals = new Journals();
  let followed = 0;
  const to = host(journals, { afterwards: () => followed++ });
  await create(to, 't');
  const first = to.perform('t', { kind: 'pause', ...act }, () => 'first');
  const broken = to.look('t', () => {
    throw new WeftError('step_not_found');
  });
  const alsoBroken = to.perform('t', { kind: 'resume', ...act }, () => {
    throw new Error('the view is broken');
  });
  assert.is(await first, 'first');
  assert.is(await refusal(broken), 'step_not_found');
  assert.is(await refusal(alsoBroken), 'Error: the view is broken');
  await to.idle();
  assert.equal([journals.commits.length, followed], [3, 3]);
  assert.is(await to.look('t', ({ head }) => head.paused), false);
});

test('a command that cannot be decided fails alone', async () => {
  const journals = new Journals();
  const checkResult = () => {
    throw new Error('the environment is broken');
  };
  const to = host(journals, { env: { ...ENV, checkResult } });
  await create(to, 't');
  const of = { step_id: 't.4', attempt: 1, activation: 0, at: 2_000 };
  const broken = to.perform(
    't',
    { kind: 'record_outcome', ...of, outcome: { kind: 'complete', result: {} } },
    () => 'recorded',
  );
  const sound = to.perform('t', { kind: 'pause', ...act }, ({ head }) => head.paused);
  assert.is(await refusal(broken), 'Error: the environment is broken');
  assert.is(await sound, true);
});

test('a task whose first commit failed does not exist, and another try makes it', async () => {
  let isBroken = true;
  const to = host(new Journals(() => isBroken));
  assert.is(await refusal(create(to, 't')), 'store_unavailable');
  assert.is(await refusal(to.look('t', () => undefined)), 'task_not_found');
  isBroken = false;
  await create(to, 't');
  assert.is(await to.look('t', ({ head }) => head.id), 't');
});
