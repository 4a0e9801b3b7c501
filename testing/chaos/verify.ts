import { isDeepStrictEqual } from 'node:util';
import type { NumberedEvent, TaskView } from '../../host/orchestrator/port.ts';
import type { Json } from '../../kernel/json.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import type { EffectServer } from './effect_server.ts';
import type { Victim } from './victim.ts';
import type { Work } from './workload.ts';

/** Everything that a settled task has against it: what was lost, and what happened twice. */
export async function verifyTask(victim: Victim, work: Work, task: TaskView): Promise<string[]> {
  if (task.status !== 'complete') return taskProblems(work, task, []);
  return taskProblems(work, task, await eventsOf(victim, task.task_id));
}

/** As `verifyTask`, of a task whose events are at hand. */
export function taskProblems(work: Work, task: TaskView, events: readonly TaskEvent[]): string[] {
  if (task.status !== 'complete') {
    const open = task.steps.filter(({ status }) => status !== 'complete').slice(0, 10);
    const steps = open.map(({ name, status, failure }) => `${name} ${status} ${JSON.stringify(failure ?? '')}`);
    return [`${work.key} (${task.task_id}) is ${task.status}: ${steps.join(', ')}`];
  }
  const problems = [...onceEach(task, events), ...batchProblems(work, task, events)];
  for (const [name, value] of Object.entries(work.values)) {
    const got = (task.steps.find((step) => step.name === name)?.result as { readonly value?: Json } | null)?.value;
    if (!isDeepStrictEqual(got, value)) problems.push(`${name} came to ${short(got)}, not to ${short(value)}`);
  }
  return problems.map((problem) => `${work.key}: ${problem}`);
}

/** Whether what reached the outside is what was due: each effect at least once, under one key that is its own. */
export function verifyEffects(work: readonly Work[], { effects }: Pick<EffectServer, 'effects'>): string[] {
  const due = new Set(work.flatMap(({ key, effects: paths }) => paths.map((path) => `/${key}/${path}`)));
  const problems: string[] = [];
  const owners = new Map<string, string>();
  for (const path of due) if (!effects.has(path)) problems.push(`the effect ${path} is lost`);
  for (const [path, keys] of effects) {
    if (!due.has(path)) problems.push(`the effect ${path} was never due`);
    if (keys.size !== 1) problems.push(`the effect ${path} has ${keys.size} keys: ${[...keys.keys()].join(', ')}`);
    for (const key of keys.keys()) {
      if (owners.has(key)) problems.push(`${path} and ${owners.get(key)} share the key ${key}`);
      owners.set(key, path);
    }
  }
  return problems;
}

/** Each step was created once and has one end. */
function onceEach(task: TaskView, events: readonly TaskEvent[]): string[] {
  const created = events.flatMap((event) => (event.kind === 'steps_created' ? event.steps.map(({ id }) => id) : []));
  const ends = events.flatMap((event) => (ENDS.has(event.kind) && 'step_id' in event ? [event.step_id] : []));
  const problems: string[] = [];
  const [createdTimes, endedTimes] = [times(created), times(ends)];
  for (const { step_id, name } of task.steps) {
    if (createdTimes.get(step_id) !== 1) problems.push(`${name} was created ${createdTimes.get(step_id) ?? 0} times`);
    if (endedTimes.get(step_id) !== 1) problems.push(`${name} ended ${endedTimes.get(step_id) ?? 0} times`);
  }
  if (createdTimes.size !== task.steps.length) problems.push(`${createdTimes.size} steps were created`);
  return problems;
}

const ENDS: ReadonlySet<TaskEvent['kind']> = new Set(['step_completed', 'step_errored', 'batch_converged']);

/** Each batch has one worker for each item, in order. */
function batchProblems({ items }: Work, task: TaskView, events: readonly TaskEvent[]): string[] {
  const created = events.flatMap((event) => (event.kind === 'steps_created' ? event.steps : []));
  return Object.entries(items).flatMap(([name, expected]) => {
    const workers = created.filter((step) => step.batch !== undefined && step.name.startsWith(`${name}[`));
    const got = workers.sort((a, b) => a.batch!.index - b.batch!.index).map(({ batch }) => batch!.item);
    const shown = task.steps.filter((step) => step.name.startsWith(`${name}[`)).length;
    const isWhole = isDeepStrictEqual(got, expected) && shown === expected.length;
    return isWhole ? [] : [`${name} has the items ${short(got)}, not ${short([...expected])}`];
  });
}

/** The journal of a task, in order. */
export async function eventsOf(victim: Victim, taskId: string): Promise<TaskEvent[]> {
  const events: TaskEvent[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
    const path: string = `/v1/tasks/${taskId}/events?limit=1000&cursor=${cursor}`;
    const page = await victim.call<{ items: NumberedEvent[]; next_cursor?: string }>('GET', path);
    if (page === undefined) throw new Error('the server is gone while nobody kills it');
    events.push(...page.items.map(({ event }) => event));
    cursor = page.next_cursor;
  }
  return events;
}

function times(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function short(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
