/**
 * Kills `weft serve` with SIGKILL at random moments and at named points while it works, also while batches are made,
 * run and aggregated, starts it again, and then holds it to its promise: every acknowledged task settled, every step
 * ended once, every item one worker, every effect outside at least once and under one key.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TaskView } from '../../host/orchestrator/port.ts';
import { Random } from '../simulator/random.ts';
import { approveAll } from './approver.ts';
import { BATCH_CRASHES, CRASH_POINTS } from './crash_points.ts';
import { type EffectServer, startEffectServer } from './effect_server.ts';
import { verifyEffects, verifyTask } from './verify.ts';
import { Victim } from './victim.ts';
import { type WideReport, wideChaos } from './wide.ts';
import { type Work, workload } from './workload.ts';

const SETTLE_MS_MAX = 120_000;
/** How long work under way has to come to a named point; what does not is killed like any other. */
const REACH_MS_MAX = 3_000;

export interface ChaosOptions {
  readonly tasks: number;
  /** Kills at random moments, besides one at each of `crashes`. */
  readonly kills: number;
  /** Values of `WEFT_CRASH_AT`. */
  readonly crashes: readonly string[];
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** What the harness found. */
export interface ChaosReport {
  readonly tasks: number;
  readonly steps: number;
  readonly kills: number;
  /** Kills that happened at their named point. */
  readonly kills_at_point: number;
  readonly effects: number;
  /** Effects that happened more than once, each under its one key. */
  readonly repeated: number;
  readonly start_ms_median: number;
}

/** @throws Error with everything that was promised and not kept */
export function chaos(options: ChaosOptions): Promise<ChaosReport> {
  return withVictim((victim, outside) => run(options, victim, outside));
}

/** One task that fans out, killed while its batch is made, run and aggregated. @throws Error as `chaos` */
export function chaosOfOne(options: Parameters<typeof wideChaos>[0]): Promise<WideReport> {
  return withVictim((victim, outside) => wideChaos(options, victim, outside));
}

async function withVictim<T>(body: (victim: Victim, outside: EffectServer) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-chaos-'));
  const outside = await startEffectServer();
  const victim = await Victim.prepare(directory, outside.port);
  try {
    return await body(victim, outside);
  } finally {
    await victim.kill();
    await outside.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(options: ChaosOptions, victim: Victim, outside: EffectServer): Promise<ChaosReport> {
  const { tasks, kills, crashes, seed, progress = () => undefined } = options;
  const random = new Random(seed);
  const work = workload(tasks, outside.url, outside.port);
  const acknowledged = new Map<string, string>();
  const over = new AbortController();
  const approving = approveAll(victim, over.signal);
  // What is left is spread over the whole run, so that every kill finds work under way.
  const rounds = kills + crashes.length;
  let submitted = 0;
  let atPoint = 0;
  for (let round = 0; round < rounds; round++) {
    const crash = crashes[round];
    await victim.start(crash);
    const until = Math.ceil(((round + 1) / rounds) * work.length);
    const submitting = submitAll(victim, work.slice(submitted, until), acknowledged);
    await sleep(50 + random.below(400));
    const deadline = performance.now() + REACH_MS_MAX;
    while (crash !== undefined && !victim.dead && performance.now() < deadline) await sleep(50);
    if (crash !== undefined && victim.dead) atPoint++;
    await victim.kill();
    await submitting;
    submitted = until;
    progress(`${round + 1}/${rounds} kills (${crash ?? 'at random'}), ${acknowledged.size} tasks acknowledged`);
  }
  await victim.start();
  await submitAll(victim, work, acknowledged);
  const { problems, steps } = await verify(victim, work, acknowledged, outside);
  over.abort();
  await approving;
  if (problems.length > 0)
    throw new Error(`seed ${seed}: ${problems.length} broken promises\n${problems.slice(0, 20).join('\n')}`);
  const counts = [...outside.effects.values()].flatMap((keys) => [...keys.values()]);
  const starts = [...victim.starts_ms].sort((a, b) => a - b);
  return {
    tasks: acknowledged.size,
    steps,
    kills: rounds,
    kills_at_point: atPoint,
    effects: counts.length,
    repeated: counts.filter((count) => count > 1).length,
    start_ms_median: Math.round(starts[Math.floor(starts.length / 2)]!),
  };
}

/** Submits what is not yet acknowledged; what the server's death swallows is sent again in a later round. */
async function submitAll(victim: Victim, work: readonly Work[], acknowledged: Map<string, string>): Promise<void> {
  for (const { key, template, context } of work) {
    if (acknowledged.has(key)) continue;
    const task = await victim.call<TaskView>('POST', '/v1/tasks', { template, context }, { 'idempotency-key': key });
    if (task !== undefined) acknowledged.set(key, task.task_id);
  }
}

async function verify(
  victim: Victim,
  work: readonly Work[],
  acknowledged: ReadonlyMap<string, string>,
  outside: EffectServer,
): Promise<{ readonly problems: readonly string[]; readonly steps: number }> {
  const problems: string[] = [];
  let steps = 0;
  const deadline = performance.now() + SETTLE_MS_MAX;
  for (const each of work) {
    const taskId = acknowledged.get(each.key);
    if (taskId === undefined) {
      problems.push(`${each.key} was never acknowledged`);
      continue;
    }
    let task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
    while (task !== undefined && task.settled_at === null && performance.now() < deadline) {
      await sleep(100);
      task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
    }
    if (task === undefined) problems.push(`${each.key} (${taskId}) is lost`);
    else problems.push(...(await verifyTask(victim, each, task)));
    steps += task?.steps.length ?? 0;
  }
  return { problems: [...problems, ...verifyEffects(work, outside)], steps };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string', default: '200' },
      kills: { type: 'string', default: '100' },
      workers: { type: 'string', default: '0' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
    },
  });
  const seed = Number(values.seed);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const [kills, workers] = [Number(values.kills), Number(values.workers)];
  const crashes = [
    ...CRASH_POINTS.map((point, index) => `${point}:${1 + ((seed + 7 * index) % 20)}`),
    ...BATCH_CRASHES,
  ];
  const report =
    workers > 0
      ? await chaosOfOne({ workers, kills, seed, progress })
      : await chaos({ tasks: Number(values.tasks), kills, crashes, seed, progress });
  process.stdout.write(`${JSON.stringify({ seed, ...report }, null, 2)}\n`);
}
