/**
 * What plans add to a task's layout. A template's steps have the indexes 0 … n-1; the steps of each accepted fragment
 * get the next ones, in the order in which the plans were accepted, whether they are created yet or not. So decisions,
 * batches and deferred steps of a plan follow the same rules, by the same code, as those of a template.
 *
 * Invariant: which index, id and definition a planned step has follows from the journal alone.
 */
import { compileSteps } from '../template/compile.ts';
import type { CompiledStep, StepDefinition } from '../template/types.ts';
import type { CreatedStep, EventOf } from './events.ts';
import type { TaskState } from './state.ts';

/** What a snapshot keeps of a fragment. */
export interface FragmentRecord {
  readonly planning_step_id: string;
  readonly fragment_id: string;
  readonly phase: number;
  /** Index of its first step. */
  readonly base: number;
  /** Index of its exit step. */
  readonly exit: number;
  /** In the fragment's order; a hole where `steps_created` has yet to tell. */
  readonly definitions: readonly (StepDefinition | null)[];
  /** Why each step is there, as its planner said. */
  readonly reasons: readonly string[];
}

/** The steps of an accepted plan. */
export class Fragment {
  readonly record: FragmentRecord;
  /** By qualified name. */
  readonly index_of: ReadonlyMap<string, number>;

  constructor(record: FragmentRecord) {
    this.record = record;
    this.index_of = new Map(
      record.definitions.flatMap((definition, at) =>
        definition === null ? [] : [[definition.name, record.base + at] as const],
      ),
    );
  }

  has(index: number): boolean {
    const { base, definitions } = this.record;
    return index >= base && index < base + definitions.length;
  }

  /** The derived id of the step at an index: `<planning step id>.<position>`. */
  idOf(index: number): string {
    return `${this.record.planning_step_id}.${index - this.record.base}`;
  }

  /** Indexes of its steps, in order. */
  *indexes(): Generator<number> {
    const { base, definitions } = this.record;
    for (let at = 0; at < definitions.length; at++) yield base + at;
  }

  /** The steps with the indexes and edges of the task; none while definitions are missing. */
  *steps(): Generator<CompiledStep> {
    const { base, definitions } = this.record;
    if (definitions.includes(null)) return;
    const shift = (index: number): number => base + index;
    for (const step of compileSteps(definitions as readonly StepDefinition[])) {
      yield {
        ...step,
        index: shift(step.index),
        dependencies: step.dependencies.map(shift),
        dependents: step.dependents.map(shift),
      };
    }
  }
}

/** Makes room for an accepted plan; part of the fold. */
export function openFragment(state: TaskState, event: EventOf<'plan_accepted'>): void {
  const base = state.compiled.steps.length + plannedCount(state);
  const definitions: (StepDefinition | null)[] = Array.from({ length: event.size }, () => null);
  for (const { position, definition } of event.gated) definitions[position] = definition;
  keep(
    state,
    new Fragment({
      planning_step_id: event.step_id,
      fragment_id: event.fragment_id,
      phase: event.phase,
      base,
      exit: base + event.exit,
      definitions,
      reasons: event.reasons,
    }),
  );
}

/** Lays a fragment out once the first `steps_created` after its acceptance has told the rest; part of the fold. */
export function fillFragments(state: TaskState, steps: readonly CreatedStep[]): void {
  const told = Map.groupBy(
    steps.filter(({ definition }) => definition !== undefined),
    ({ provenance }) => provenance.planning_step_id!,
  );
  for (const [id, created] of told) {
    const { record } = state.fragments.get(id)!;
    if (!record.definitions.includes(null)) continue;
    const definitions = [...record.definitions];
    for (const step of created) definitions[positionOf(step.id)] = step.definition!;
    keep(state, new Fragment({ ...record, definitions }));
  }
}

/** The index of a created step. */
export function indexOfCreated(state: TaskState, { id, template_index, provenance, batch }: CreatedStep): number {
  if (template_index !== undefined || batch !== undefined) return template_index!;
  return state.fragments.get(provenance.planning_step_id!)!.record.base + positionOf(id);
}

/** Adds a fragment to a state that has none of this planning step, or an unfinished one. */
export function keep(state: TaskState, fragment: Fragment): void {
  state.fragments.set(fragment.record.planning_step_id, fragment);
  for (const step of fragment.steps()) state.planned.set(step.index, step);
}

function plannedCount(state: TaskState): number {
  let count = 0;
  for (const { record } of state.fragments.values()) count += record.definitions.length;
  return count;
}

function positionOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1));
}
