import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import type { EffectServer } from '../chaos/effect_server.ts';
import { verifyEffects } from '../chaos/verify.ts';
import { Refusal, type Victim } from '../chaos/victim.ts';
import { Random } from '../simulator/random.ts';
import { type Job, Jobs, type Outside } from './jobs.ts';
import { runsStruck, settledProblems, settledTask } from './settled.ts';

const ACT = { reason: 'the soak wants it' };

/** Of one kind of task, how many were submitted and how many ended as they had to. */
export interface KindCount {
  submitted: number;
  settled: number;
}

/** Mixed work without an end: each customer submits a task, sees to it that it ends as it must, and begins again. */
export class Load {
  readonly counts = new Map<string, KindCount>();
  readonly problems: string[] = [];
  /** Tasks that were read from their archive, since retention was faster. */
  archived = 0;
  /** Runs that were lost with their cell: each takes a kill. */
  struck = 0;
  readonly #victim: Victim;
  readonly #jobs: Jobs;
  readonly #archive: string;
  /** Apart from the jobs, whose order the seed alone decides. */
  readonly #moments: Random;
  readonly #submitted: Pick<Job, 'key' | 'effects' | 'ends'>[] = [];

  constructor(victim: Victim, outside: Outside, archive: string, seed: number) {
    this.#victim = victim;
    this.#jobs = new Jobs(outside, new Random(seed));
    this.#archive = archive;
    this.#moments = new Random(seed + 1);
  }

  /** Tasks that have been submitted and are not yet verified. */
  get open(): number {
    return this.submitted - [...this.counts.values()].reduce((sum, { settled }) => sum + settled, 0);
  }

  get submitted(): number {
    return this.#submitted.length;
  }

  /** Serves so many customers until `signal` aborts, and then until their last tasks have settled. */
  async run(customers: number, signal: AbortSignal): Promise<void> {
    const serve = async (): Promise<void> => {
      while (!signal.aborted) await this.#serve();
    };
    await Promise.all(Array.from({ length: customers }, serve));
  }

  /** Whether what reached the outside is what was due, of all tasks so far. */
  verifyEffects(server: EffectServer): string[] {
    // What a cancelled task came to is a matter of the moment; that it never came further is verified with the task.
    const due = this.#submitted.filter(({ ends }) => ends.status !== 'cancelled');
    const cancelled = new Set(this.#submitted.filter(({ ends }) => ends.status === 'cancelled').map(({ key }) => key));
    const effects = new Map([...server.effects].filter(([path]) => !cancelled.has(path.split('/')[1]!)));
    const late = [...server.effects.keys()].filter(
      (path) => cancelled.has(path.split('/')[1]!) && !path.endsWith('/before'),
    );
    return [
      ...verifyEffects(due as Job[], { effects }),
      ...late.map((path) => `the effect ${path} came after a cancellation`),
    ];
  }

  async #serve(): Promise<void> {
    const job = this.#jobs.next();
    const { key, effects, ends, kind } = job;
    this.#submitted.push({ key, effects, ends });
    const count = this.counts.get(kind) ?? { submitted: 0, settled: 0 };
    this.counts.set(kind, count);
    count.submitted++;
    try {
      const problems = await this.#one(job);
      this.problems.push(...problems);
    } catch (error) {
      this.problems.push(`${key}: ${(error as Error).message}`);
      // Whatever is wrong is wrong for the next one too: not a flood of it.
      await sleep(1_000);
    }
    count.settled++;
  }

  async #one(job: Job): Promise<string[]> {
    const { key, template, context } = job;
    const body = { template, context };
    const task = await this.#victim.call<TaskView>('POST', '/v1/tasks', body, { 'idempotency-key': key });
    if (task === undefined) throw new Error('nobody took it');
    if (job.act !== undefined) await this.#act(job.act, task.task_id);
    const settled = await settledTask(this.#victim, this.#archive, task.task_id);
    if (settled.archived) this.archived++;
    this.struck += runsStruck(settled.events);
    return settledProblems(job, settled);
  }

  async #act(act: 'pause' | 'cancel', taskId: string): Promise<void> {
    await sleep(this.#moments.below(act === 'pause' ? 200 : 1_500));
    await this.#post(taskId, act);
    if (act === 'cancel') return;
    await sleep(100 + this.#moments.below(400));
    await this.#post(taskId, 'resume');
  }

  /** What has settled already, or is gone, cannot be paused any more. */
  async #post(taskId: string, act: string): Promise<void> {
    try {
      await this.#victim.call('POST', `/v1/tasks/${taskId}/${act}`, ACT);
    } catch (error) {
      if (!(error instanceof Refusal) || (error.status !== 409 && error.status !== 404)) throw error;
    }
  }
}
