import type { CatalogEntry } from '../capability/types.ts';
import type { Json, JsonObject } from '../json.ts';
import { generateValue } from '../schema/generate.ts';
import type { SchemaProblem } from '../schema/problem.ts';
import { problemText } from '../schema/problem.ts';
import { seededUnit } from '../schema/seeded.ts';
import { apply } from '../task/apply.ts';
import type { Command, Environment, Outcome } from '../task/commands.ts';
import { choicesOf } from '../task/creation.ts';
import { decide } from '../task/decide.ts';
import { effectsOf } from '../task/effects.ts';
import { compiledOf, emptyTask, type StepState, type TaskState } from '../task/state.ts';
import { compileTrusted } from '../template/compile.ts';
import { fragmentAsTemplate } from './as_template.ts';
import type { FragmentContext, ValidFragment } from './types.ts';

/** One run of a fragment with made-up outputs. */
export interface SimulatedRun {
  readonly seed: number;
  /** The task's, as the kernel has it: `complete` when all went well. */
  readonly status: string;
  /** Names of the steps in the order in which they ended, `worker[index]` for workers; with why one failed. */
  readonly path: readonly { readonly step: string; readonly status: string; readonly problem?: string }[];
  /** The exit step's result; absent when it did not come to one. */
  readonly output?: Json;
}

/** What several runs came to. */
export interface Simulation {
  readonly runs: readonly SimulatedRun[];
  /** Names of the steps that no run came to. */
  readonly unreached: readonly string[];
  /** Names of the steps for whose outputs no value could be made; the runs had `null` there. */
  readonly made_up: readonly string[];
}

/** More than any fragment needs. */
const TURNS_MAX = 100_000;
/** So many items a simulated fan-out has at the most. */
const ITEMS_MAX = 5;

/**
 * Runs a fragment by the kernel's own rules, handlers replaced by values made from their output schemas: one run for
 * each seed from `first` on. Decisions choose by chance, fan-outs have a few items. Pure.
 */
export function simulateFragment(
  valid: ValidFragment,
  context: FragmentContext,
  { first = 1, runs = 20 }: { readonly first?: number; readonly runs?: number } = {},
): Simulation {
  const madeUp = new Set<string>();
  const reached = new Set<string>();
  const simulated = Array.from({ length: runs }, (_, at) =>
    new Rehearsal(valid, context, first + at, madeUp).run(reached),
  );
  const names = valid.fragment.steps.map(({ name }) => name);
  return {
    runs: simulated,
    unreached: names.filter((name) => !reached.has(name)),
    made_up: names.filter((name) => madeUp.has(name)),
  };
}

class Rehearsal {
  readonly #context: FragmentContext;
  readonly #seed: number;
  readonly #unit: () => number;
  readonly #madeUp: Set<string>;
  readonly #exit: string;
  readonly #entries: ReadonlyMap<string, CatalogEntry>;
  readonly #env: Environment;
  readonly #queue: StepState[] = [];
  readonly #path: SimulatedRun['path'][number][] = [];
  #state: TaskState;

  constructor(valid: ValidFragment, context: FragmentContext, seed: number, madeUp: Set<string>) {
    this.#context = context;
    this.#seed = seed;
    this.#unit = seededUnit(seed);
    this.#madeUp = madeUp;
    this.#exit = valid.fragment.convergence.exit_step;
    this.#entries = new Map(context.catalog.map((entry) => [entry.digest, entry]));
    this.#env = this.#environment();
    this.#state = emptyTask(compileTrusted(fragmentAsTemplate(valid), 'sha256:rehearsal'), new Map(), new Map());
  }

  run(reached: Set<string>): SimulatedRun {
    this.#tell({
      kind: 'create',
      at: 0,
      task_id: 'rehearsal',
      context: this.#surroundings(),
      submitted_by: 'rehearsal',
    });
    for (let turn = 1; this.#queue.length > 0 && turn <= TURNS_MAX; turn++) {
      // Whichever comes first in reality: any order of what runs side by side may happen.
      const [step] = this.#queue.splice(Math.floor(this.#unit() * this.#queue.length), 1);
      const { id: step_id, attempt, activation } = step!;
      this.#tell({ kind: 'record_outcome', at: turn, step_id, attempt, activation, outcome: this.#outcome(step!) });
    }
    for (const step of this.#state.steps.values()) reached.add(compiledOf(this.#state, step).definition.name);
    const exit = [...this.#state.steps.values()].find(({ name }) => name === this.#exit);
    const run = { seed: this.#seed, status: this.#state.head.status, path: this.#path };
    return exit?.result === undefined ? run : { ...run, output: exit.result };
  }

  #tell(command: Command): void {
    const events = decide(this.#state, command, this.#env);
    for (const event of events) {
      this.#state = apply(this.#state, event);
      if (event.kind === 'step_completed' || event.kind === 'batch_converged') this.#note(event.step_id, 'complete');
      if (event.kind === 'step_errored') this.#note(event.step_id, 'error', event.failure.message);
    }
    this.#queue.push(...effectsOf(this.#state, events).dispatched);
  }

  #note(id: string, status: string, problem?: string): void {
    const step = this.#state.steps.get(id)!.name;
    this.#path.push({ step, status, ...(problem === undefined ? {} : { problem }) });
  }

  #outcome(step: StepState): Outcome {
    const { definition } = compiledOf(this.#state, step);
    const result = this.#make(this.#entryOf(step)?.capability.outputSchema, definition.name);
    if (definition.type === 'decision') {
      const choices = choicesOf(this.#state, step);
      const chosen = choices.filter(() => this.#unit() < 0.4);
      const one = choices[Math.floor(this.#unit() * choices.length)]!;
      return { kind: 'branch', steps: chosen.length > 0 ? chosen : [one], result };
    }
    if (definition.type === 'batchable') {
      const length = Math.floor(this.#unit() * (Math.min(definition.max_items ?? ITEMS_MAX, ITEMS_MAX) + 1));
      const items = Array.from({ length }, () => this.#make({ type: 'object' }, definition.name));
      return { kind: 'batches', items, max_concurrency: 0, result };
    }
    return { kind: 'complete', result };
  }

  #entryOf(step: StepState): CatalogEntry | undefined {
    return step.pin === null || step.pin === undefined ? undefined : this.#entries.get(step.pin.digest);
  }

  #make(schema: JsonObject | undefined, name: string): Json {
    const { value, valid } = generateValue(schema ?? true, { unit: this.#unit, compiler: this.#context.compiler });
    if (!valid) this.#madeUp.add(name);
    return valid ? value : null;
  }

  /** What the frame would have, in the form that `fragmentAsTemplate` reads. */
  #surroundings(): JsonObject {
    const { template, around } = this.#context;
    const steps: Record<string, Json> = {};
    const plans: Record<string, Json> = {};
    for (const { name, kind, output_schema } of around) {
      const value = this.#make(output_schema, name);
      if (kind === 'plan') plans[name] = value;
      else steps[name] = { status: 'complete', result: value, error: null, results: [] };
    }
    return { context: this.#make(template.input_schema, 'context'), steps, plans };
  }

  #environment(): Environment {
    const { compiler, catalog, satisfies } = this.#context;
    const problems = (schema: JsonObject, value: Json): readonly string[] => {
      const compiled = compiler.compile(schema);
      return compiled.ok ? compiled.check(value).map((problem: SchemaProblem) => problemText(problem)) : [];
    };
    return {
      resolveHandler: (name, range) => {
        const entry = catalog.find((each) => each.name === name && satisfies(each.version, range));
        return entry && { name: entry.name, version: entry.version, digest: entry.digest };
      },
      checkDispatch: ({ digest }, config, inputs) => {
        const { configSchema, inputSchema } = this.#entries.get(digest)!.capability;
        return [
          ...problems(configSchema, config).map((problem) => `config: ${problem}`),
          ...problems(inputSchema, inputs).map((problem) => `inputs: ${problem}`),
        ];
      },
      // A made-up null stands for what could not be made.
      checkResult: () => [],
      checkSchema: () => [],
      checkSignal: () => [],
      checkOutput: () => [],
      outputSchema: ({ digest }) => this.#entries.get(digest)?.capability.outputSchema,
      // No plan is made inside a plan.
      callCap: () => undefined,
      validatePlan: () => ({ ok: false, diagnostics: [] }),
    };
  }
}
