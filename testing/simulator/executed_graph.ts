import type { CreatedStep, JournalEntry, TaskEvent } from '../../kernel/task/events.ts';

/** An edge that a task really had, by the names of its ends. */
export interface ExecutedEdge {
  readonly from: string;
  readonly to: string;
}

/** A batch that a task really had. */
export interface ExecutedBatch {
  readonly fan_out: string;
  /** The name of the step whose workers these are, and which others wait for. */
  readonly worker: string;
  readonly workers: number;
}

/** What a task really executed, read from its journal alone: no template, no kernel. */
export interface ExecutedGraph {
  /** Steps of the frame that were created, in order. */
  readonly created: readonly string[];
  /** Those of them that a decision created. */
  readonly by_decision: readonly string[];
  /** Positions in the template of the steps that can no longer be created. */
  readonly excluded: readonly number[];
  readonly edges: readonly ExecutedEdge[];
  /** Edges along which a step started before the one it waits for was over; empty when all were kept. */
  readonly ignored: readonly ExecutedEdge[];
  /** What settled decisions chose. */
  readonly branches: ReadonlyMap<string, readonly string[]>;
  readonly batches: readonly ExecutedBatch[];
  readonly completed: boolean;
}

/** The graph that a journal shows to have been executed. */
export function executedGraph(journal: readonly JournalEntry[]): ExecutedGraph {
  const events = journal.flatMap((entry) => entry.events);
  const all = events.flatMap((event) => (event.kind === 'steps_created' ? event.steps : []));
  const frame = new Map(all.filter(({ batch }) => batch === undefined).map((step) => [step.id, step]));
  const nameOf = (id: string): string => frame.get(id)?.name ?? `no step ${id}`;
  const edgesOf = ({ name, dependencies }: CreatedStep) => dependencies.map((id) => ({ from: nameOf(id), to: name }));
  const ofKind = (kind: string) => [...frame.values()].filter(({ provenance }) => provenance.created_by === kind);
  return {
    created: [...frame.values()].map(({ name }) => name),
    by_decision: ofKind('decision_point').map(({ name }) => name),
    excluded: events.flatMap((event) => (event.kind === 'steps_excluded' ? event.template_indexes : [])),
    edges: [...frame.values()].flatMap(edgesOf),
    ignored: ignoredEdges(events, all).map(([from, to]) => ({ from: nameOf(from), to })),
    branches: new Map(events.flatMap((event) => branchOf(event).map((names) => [nameOf(of(event)), names] as const))),
    batches: batchesOf(all, frame),
    completed: events.some((event) => event.kind === 'task_status_changed' && event.to === 'complete'),
  };
}

function batchesOf(all: readonly CreatedStep[], frame: ReadonlyMap<string, CreatedStep>): readonly ExecutedBatch[] {
  const byParent = Map.groupBy(
    all.filter(({ batch }) => batch !== undefined),
    ({ provenance }) => provenance.parent_step_id!,
  );
  return [...byParent].map(([parent, workers]) => {
    const { name, template_index } = [...frame.values()].find(
      (step) => step.template_index === workers[0]!.template_index,
    )!;
    const isWhole = workers.every(
      (worker, index) =>
        worker.name === `${name}[${index}]` &&
        worker.template_index === template_index &&
        worker.dependencies.join() === parent,
    );
    if (!isWhole) throw new Error(`the workers of ${name} are not those of one batch`);
    return { fan_out: frame.get(parent)!.name, worker: name, workers: workers.length };
  });
}

/** Dispatches, in journal order, that came before something the step depends on was over. */
function ignoredEdges(events: readonly TaskEvent[], all: readonly CreatedStep[]): (readonly [string, string])[] {
  const steps = new Map(all.map((step) => [step.id, step]));
  const over = new Set<string>();
  const ignored: (readonly [string, string])[] = [];
  for (const event of events) {
    if (event.kind === 'step_enqueued') {
      const { name, dependencies } = steps.get(event.step_id)!;
      for (const id of dependencies) if (!over.has(id)) ignored.push([id, name]);
    } else if (ENDS.has(event.kind)) over.add(of(event));
  }
  return ignored;
}

/** Events after which others may go on; a failure is one only when the template lets it pass, which is not asked here. */
const ENDS: ReadonlySet<TaskEvent['kind']> = new Set([
  'step_completed',
  'step_resolved_manually',
  'step_errored',
  'batch_converged',
]);

function branchOf(event: TaskEvent): (readonly string[])[] {
  return 'branch' in event && event.branch !== undefined ? [event.branch] : [];
}

function of(event: TaskEvent): string {
  return 'step_id' in event ? event.step_id : '';
}
