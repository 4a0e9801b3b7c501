import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskView } from '../../host/orchestrator/port.ts';
import type { Page, TaskSummary } from '../../host/store/port.ts';
import { Random } from '../simulator/random.ts';
import { type BatchPhase, CRASH_POINTS, crashIn } from './crash_points.ts';
import type { EffectServer } from './effect_server.ts';
import { verifyEffects, verifyTask } from './verify.ts';
import type { Victim } from './victim.ts';
import { wideWork } from './workload.ts';

const SETTLE_MS_MAX = 900_000;

export interface WideOptions {
  /** How many the task fans out to. */
  readonly workers: number;
  /** Kills at random moments, besides those at named points. */
  readonly kills: number;
  readonly seed: number;
  /** Only a few deaths, around the commits of each phase; none at random. */
  readonly short?: boolean;
  readonly progress?: (line: string) => void;
}

/** What came of one task whose server died again and again. */
export interface WideReport {
  readonly workers: number;
  readonly kills: number;
  /** Kills that happened at their named point. */
  readonly kills_at_point: number;
  readonly effects: number;
  readonly repeated: number;
  readonly seconds: number;
}

/**
 * Submits one task that fans out, and kills the server in each phase of its batch: around the commit that makes the
 * workers, at every named point and at random while they run, and around their convergence and aggregation.
 * @throws Error with everything that was promised and not kept
 */
export async function wideChaos(options: WideOptions, victim: Victim, outside: EffectServer): Promise<WideReport> {
  const { workers, kills, seed, short = false, progress = () => undefined } = options;
  const started = performance.now();
  const work = wideWork(workers, outside.url, outside.port);
  const random = new Random(seed);
  const atRandom: Death[] = Array.from({ length: kills }, () => ({ after_ms: 200 + random.below(1_500) }));
  const schedule = short ? SHORT : scheduleOf(workers, atRandom, random);
  let taskId: string | undefined;
  let died = 0;
  let atPoint = 0;
  for (const { crash, after_ms } of schedule) {
    await victim.start(crash);
    taskId ??= await submit(victim, work);
    const deadline = performance.now() + (after_ms ?? SETTLE_MS_MAX);
    let settled = false;
    while (!victim.dead && !settled && performance.now() < deadline) {
      await sleep(100);
      settled = taskId !== undefined && (await isSettled(victim, taskId));
    }
    if (settled) break;
    if (victim.dead) atPoint++;
    died++;
    await victim.kill();
    progress(`${died} kills (${crash ?? 'at random'}), ${outside.effects.size} of ${workers + 1} effects`);
  }
  await victim.kill();
  await victim.start();
  taskId ??= await submit(victim, work);
  const deadline = performance.now() + SETTLE_MS_MAX;
  while (!(await isSettled(victim, taskId!)) && performance.now() < deadline) await sleep(100);
  const task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
  const problems = [...(await verifyTask(victim, work, task!)), ...verifyEffects([work], outside)];
  if (problems.length > 0)
    throw new Error(`seed ${seed}: ${problems.length} broken promises\n${problems.slice(0, 20).join('\n')}`);
  const counts = [...outside.effects.values()].flatMap((keys) => [...keys.values()]);
  return {
    workers,
    kills: died,
    kills_at_point: atPoint,
    effects: counts.length,
    repeated: counts.filter((count) => count > 1).length,
    seconds: Math.round((performance.now() - started) / 1_000),
  };
}

interface Death {
  /** A value of `WEFT_CRASH_AT`; at a random moment when absent. */
  readonly crash?: string;
  readonly after_ms?: number;
}

/**
 * The phases follow each other, each death a little further on. A convergence is durable after its commit, so those
 * that come later die at the one dispatch that is left, the aggregate's.
 */
function scheduleOf(workers: number, atRandom: readonly Death[], random: Random): readonly Death[] {
  const some = Math.max(1, Math.floor(workers / 40));
  return [
    { crash: crashIn('creation', 'store.before_commit') },
    ...aroundCommits('creation'),
    { crash: `orchestrator.before_publish:${1 + random.below(workers)}` },
    ...CRASH_POINTS.map((point) => ({ crash: crashIn('execution', point, 1 + random.below(some)) })),
    ...atRandom,
    { crash: crashIn('aggregation', 'store.before_commit') },
    ...aroundCommits('aggregation'),
    { crash: 'orchestrator.after_publish:1' },
    { crash: 'broker.claimed:1' },
    { crash: 'broker.before_result:1' },
    { crash: 'store.in_transaction:1' },
    { crash: 'store.after_commit_before_resolve:1' },
  ];
}

function aroundCommits(phase: BatchPhase): readonly Death[] {
  return [
    { crash: crashIn(phase, 'store.in_transaction') },
    { crash: crashIn(phase, 'store.after_commit_before_resolve') },
  ];
}

const SHORT: readonly Death[] = [
  { crash: crashIn('creation', 'store.after_commit_before_resolve') },
  { crash: crashIn('execution', 'store.in_transaction', 5) },
  ...aroundCommits('aggregation'),
];

async function submit(
  victim: Victim,
  { key, template, context }: ReturnType<typeof wideWork>,
): Promise<string | undefined> {
  const task = await victim.call<TaskView>('POST', '/v1/tasks', { template, context }, { 'idempotency-key': key });
  return task?.task_id;
}

/** From the list: the whole task is large. */
async function isSettled(victim: Victim, taskId: string): Promise<boolean> {
  const page = await victim.call<Page<TaskSummary>>('GET', '/v1/tasks?limit=1');
  return page?.items.find(({ task_id }) => task_id === taskId)?.settled_at != null;
}
