/**
 * Kills `weft serve` with SIGKILL at random moments and at every named point around commits and dispatches while it
 * works, starts it again, and then holds it to its promise: every acknowledged task settled, no step result recorded
 * twice, every effect outside at least once and under one stable key.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NumberedEvent, TaskView } from '../../host/orchestrator/port.ts';
import { Random } from '../simulator/random.ts';
import { type EffectServer, startEffectServer } from './effect_server.ts';
import { Victim } from './victim.ts';
import { type Work, workload } from './workload.ts';

/** Where a process may die; `host/faults.ts` and the store pass these points. */
export const CRASH_POINTS = [
  'store.before_commit',
  'store.in_transaction',
  'store.after_commit_before_resolve',
  'orchestrator.before_publish',
  'orchestrator.after_publish',
  'broker.claimed',
  'broker.before_result',
  'broker.after_result',
] as const;

const SETTLE_MS_MAX = 120_000;

export interface ChaosOptions {
  readonly tasks: number;
  /** Kills at random moments, besides one at each named point. */
  readonly kills: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** What the harness found. */
export interface ChaosReport {
  readonly tasks: number;
  readonly kills: number;
  readonly effects: number;
  /** Effects that happened more than once, each under its one key. */
  readonly repeated: number;
  readonly start_ms_median: number;
}

/** @throws Error with everything that was promised and not kept */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-chaos-'));
  const outside = await startEffectServer();
  const victim = await Victim.prepare(directory, outside.port);
  try {
    return await run(options, victim, outside);
  } finally {
    await victim.kill();
    await outside.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(options: ChaosOptions, victim: Victim, outside: EffectServer): Promise<ChaosReport> {
  const { tasks, kills, seed, progress = () => undefined } = options;
  const random = new Random(seed);
  const work = workload(tasks, outside.url, outside.port);
  const acknowledged = new Map<string, string>();
  // What is left is spread over the whole run, so that every kill finds work under way.
  const rounds = kills + CRASH_POINTS.length;
  let submitted = 0;
  let died = 0;
  for (let round = 0; round < rounds; round++) {
    const point = CRASH_POINTS[round];
    await victim.start(point === undefined ? undefined : `${point}:${1 + random.below(20)}`);
    const until = Math.ceil(((round + 1) / rounds) * work.length);
    const submitting = submitAll(victim, work.slice(submitted, until), acknowledged);
    await pause(50 + random.below(400));
    for (let wait = 0; point !== undefined && !victim.dead && wait < 40; wait++) await pause(50);
    await victim.kill();
    died++;
    await submitting;
    submitted = until;
    progress(`${died}/${rounds} kills (${point ?? 'at random'}), ${acknowledged.size} tasks acknowledged`);
  }
  await victim.start();
  await submitAll(victim, work, acknowledged);
  const problems = await verify(victim, work, acknowledged, outside);
  if (problems.length > 0)
    throw new Error(`seed ${seed}: ${problems.length} broken promises\n${problems.slice(0, 20).join('\n')}`);
  const counts = [...outside.effects.values()];
  const starts = [...victim.starts_ms].sort((a, b) => a - b);
  return {
    tasks: acknowledged.size,
    kills: died,
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
): Promise<string[]> {
  const problems: string[] = [];
  const expected = new Set<string>();
  const deadline = performance.now() + SETTLE_MS_MAX;
  for (const each of work) {
    const taskId = acknowledged.get(each.key);
    if (taskId === undefined) {
      problems.push(`${each.key} was never acknowledged`);
      continue;
    }
    let task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
    while (task !== undefined && task.settled_at === null && performance.now() < deadline) {
      await pause(100);
      task = await victim.call<TaskView>('GET', `/v1/tasks/${taskId}`);
    }
    if (task?.status !== 'complete') {
      const steps = task?.steps.map(
        ({ name, status, failure }) => `${name} ${status} ${JSON.stringify(failure ?? '')}`,
      );
      problems.push(`${each.key} (${taskId}) is ${task?.status ?? 'lost'}: ${steps?.join(', ') ?? ''}`);
      continue;
    }
    const events = (await victim.call<{ items: NumberedEvent[] }>('GET', `/v1/tasks/${taskId}/events?limit=1000`))!
      .items;
    const recorded = events.map(({ event }) => event).filter((event) => event.kind === 'step_completed');
    for (const step of task.steps) {
      const times = recorded.filter((event) => event.step_id === step.step_id).length;
      if (times !== 1) problems.push(`${each.key}: the result of ${step.name} was recorded ${times} times`);
    }
    for (const name of each.effects)
      expected.add(task.steps.find((step) => step.name === name)?.step_id ?? `${each.key} ${name}`);
  }
  if (outside.effects.size !== expected.size) {
    problems.push(
      `${outside.effects.size} distinct effects reached the server, ${expected.size} were due: keys are not stable or effects are lost`,
    );
  }
  return problems;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string', default: '200' },
      kills: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
    },
  });
  const report = await chaos({
    tasks: Number(values.tasks),
    kills: Number(values.kills),
    seed: Number(values.seed),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify({ seed: Number(values.seed), ...report }, null, 2)}\n`);
}
