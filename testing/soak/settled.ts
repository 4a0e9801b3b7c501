import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import { readArchive } from '../../host/retention/archive.ts';
import { archivedTask } from '../../host/retention/archived_task.ts';
import type { Failure, TaskEvent } from '../../kernel/task/events.ts';
import { eventsOf, taskProblems } from '../chaos/verify.ts';
import { Refusal, type Victim } from '../chaos/victim.ts';
import type { Job } from './jobs.ts';

/** Long enough for retention to come first now and then. */
const POLL_MS = 400;
const SETTLE_MS_MAX = 180_000;

/** A task as it is, or was when retention took it. */
export interface Settled {
  readonly task: TaskView;
  readonly events: readonly TaskEvent[];
  /** Whether the archive told, since the store had it no more. */
  readonly archived: boolean;
}

/**
 * Waits until a task has settled. Retention may take it at any moment after that: then its archive is read, and removed.
 * @throws Error when it does not settle, or is in neither place
 */
export async function settledTask(victim: Victim, archive: string, taskId: string): Promise<Settled> {
  const deadline = performance.now() + SETTLE_MS_MAX;
  try {
    for (;;) {
      const task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
      if (task !== undefined && task.settled_at !== null)
        return { task, events: await eventsOf(victim, taskId), archived: false };
      if (performance.now() > deadline) throw new Error(`it is ${task?.status} after ${SETTLE_MS_MAX / 1_000} s`);
      await sleep(POLL_MS);
    }
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return fromArchive(archive, taskId);
    throw error;
  }
}

async function fromArchive(archive: string, taskId: string): Promise<Settled> {
  for (const day of await readdir(archive)) {
    const file = join(archive, day, `${taskId}.jsonl.gz`);
    if (!(await readdir(join(archive, day))).includes(`${taskId}.jsonl.gz`)) continue;
    const task = await archivedTask(file);
    const events = (await readArchive(file)).journal.flatMap((entry) => entry.events);
    await rm(file);
    return { task, events, archived: true };
  }
  throw new Error('it is neither in the store nor in the archive');
}

/** How a run fails whose cell is killed. */
const STRUCK = 'cell_crashed';

/** How many runs of a task were lost with their cell. */
export function runsStruck(events: readonly TaskEvent[]): number {
  return events.filter((event) => 'failure' in event && (event.failure as Failure).code === STRUCK).length;
}

/** What a settled task has against it. */
export function settledProblems(job: Job, { task, events }: Pick<Settled, 'task' | 'events'>): string[] {
  const { ends, key } = job;
  if (ends.status === 'complete') return taskProblems(job, task, events);
  const problems: string[] = [];
  if (task.status !== ends.status) problems.push(`it is ${task.status}, not ${ends.status}: ${task.reason}`);
  const failure = task.steps.find(({ name }) => name === 'bad')?.failure as Failure | null | undefined;
  // Its last attempt may have been struck by a kill of the harness, which the report counts.
  if (ends.status === 'error' && failure?.code !== ends.code && failure?.code !== STRUCK)
    problems.push(`it failed with ${failure?.code} (${failure?.message.slice(0, 200)}), not with ${ends.code}`);
  if (task.steps.some(({ name, status }) => name === 'after' && status === 'complete'))
    problems.push('what comes after the end has happened');
  return problems.map((problem) => `${key}: ${problem}`);
}
