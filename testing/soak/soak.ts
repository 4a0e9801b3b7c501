/**
 * Minutes of mixed work, honest and hostile, on a real `weft serve`: its memory and open files stay flat, no child
 * becomes a zombie or outlives it, every task ends as it must and every effect happens under one key, while cells are
 * killed, tasks are paused, cancelled and, once settled, archived and removed.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machine } from '../../bench/report.ts';
import type { RetentionReport } from '../../host/orchestrator/port.ts';
import { approveAll } from '../chaos/approver.ts';
import { type EffectServer, startEffectServer } from '../chaos/effect_server.ts';
import { Victim } from '../chaos/victim.ts';
import { Random } from '../simulator/random.ts';
import { filesWith, lookInto } from './aftermath.ts';
import { buildHostileHandler } from './hostile_handler.ts';
import { type HostileServer, startHostileServer } from './hostile_server.ts';
import { Load } from './load.ts';
import { HAS_PROC, processOf } from './processes.ts';
import { delaysOf, judge, liveLine, loadNow, mb, reportText, restOf, type SoakReport } from './report.ts';
import { type Sample, Sampler } from './sampler.ts';
import { placesIn, serveOptions } from './serve_config.ts';

const SECRET = 'zQsoakK4f9h2Wv-of-the-soak';
const CUSTOMERS = 12;
const SAMPLE_MS = 2_000;
const LIVE_MS = 10_000;
const KILL_MS = 7_000;
const RETIRE_MS = 1_500;
/** Rests long enough for a reading of the probe after a collection. */
const COLLECT_MS_MAX = 10_000;
const ORPHAN_MS_MAX = 3_000;

export interface SoakOptions {
  /** Of load; starting, draining and looking come on top. */
  readonly minutes: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** Everything under which the process under test lives. */
interface Surroundings {
  readonly directory: string;
  readonly victim: Victim;
  readonly effects: EffectServer;
  readonly hostile: HostileServer;
}

/** Never throws for what it finds: that is in the report's `problems`. Linux only. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  if (!HAS_PROC) throw new Error('the soak reads /proc, which only Linux has');
  const directory = await mkdtemp(join(tmpdir(), 'weft-soak-'));
  const effects = await startEffectServer(SECRET);
  const hostile = await startHostileServer();
  await buildHostileHandler(placesIn(directory).handlers);
  const parts = { effectPort: effects.port, hostilePort: hostile.port, secret: SECRET, collectMs: collectMs(options) };
  const victim = await Victim.prepare(directory, effects.port, serveOptions(directory, parts));
  try {
    return await run(options, { directory, victim, effects, hostile });
  } finally {
    await victim.kill();
    await effects.close();
    await hostile.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Often enough for several readings in each quarter. */
function collectMs({ minutes }: SoakOptions): number {
  return Math.min(COLLECT_MS_MAX, (minutes * 60_000) / 30);
}

async function run(options: SoakOptions, surroundings: Surroundings): Promise<SoakReport> {
  const { minutes, seed, progress = () => undefined } = options;
  const { directory, victim, effects, hostile } = surroundings;
  const places = placesIn(directory);
  const loadBefore = loadNow();
  await mkdir(places.archive, { recursive: true });
  await victim.start();
  const sampler = new Sampler(victim, places);
  const load = new Load(victim, { url: effects.url, port: effects.port, hostile }, places.archive, seed);
  const problems: string[] = [];
  const before = await atRest(sampler, options);

  const over = new AbortController();
  const drained = new AbortController();
  const first = sampler.samples.length;
  let cellsKilled = 0;
  let shown = 0;
  const random = new Random(seed + 2);
  const meanwhile = [
    every(SAMPLE_MS, over.signal, async () => {
      const sample = await sampler.take();
      if (sample.at_ms - shown < LIVE_MS) return;
      shown = sample.at_ms;
      progress(liveLine(sample, load));
    }),
    every(KILL_MS, over.signal, async () => {
      const cells = sampler.cells();
      if (cells.length > 0 && kill(random.pick(cells).pid)) cellsKilled++;
    }),
    every(RETIRE_MS, over.signal, () => retire(victim)),
    // Whoever waits for an answer gets it, however late.
    approveAll(victim, drained.signal),
  ];
  for (const each of meanwhile) each.catch((error: Error) => problems.push(`the harness itself: ${error.message}`));
  setTimeout(() => over.abort(), minutes * 60_000);
  await load.run(CUSTOMERS, over.signal);
  const underLoad = sampler.samples.slice(first);
  drained.abort();
  await Promise.allSettled(meanwhile);

  await retire(victim);
  const after = await atRest(sampler, options);
  const unaccounted = Math.max(0, load.struck - cellsKilled);
  const left = Object.entries(after.tasks).map(([status, count]) => `${count} tasks are ${status} after all`);
  const { orphans, aftermath } = await end(surroundings, sampler);
  const counts = [...effects.effects.values()].flatMap((keys) => [...keys.values()]);
  const flat = judge(underLoad);
  problems.push(
    ...load.problems,
    ...load.verifyEffects(effects),
    ...left,
    ...(unaccounted > 0 ? [`${load.struck} runs lost their cell, and only ${cellsKilled} cells were killed`] : []),
    ...[...sampler.zombies].map((pid) => `process ${pid} was a zombie for longer than ${SAMPLE_MS} ms`),
    ...orphans.problems,
    ...aftermath.problems,
    ...Object.entries(flat).flatMap(([name, { flat: isFlat, early, late }]) =>
      isFlat ? [] : [`not flat: ${name}, from ${early.toFixed(1)} to ${late.toFixed(1)}`],
    ),
    ...filesWith(SECRET, directory).map((file) => `${file} holds the secret`),
  );
  return {
    ...{ seed, minutes, machine: machine(), load_average: [loadBefore, loadNow()] },
    ...{ tasks: load.submitted, tasks_from_archive: load.archived, kinds: Object.fromEntries(load.counts) },
    ...{ effects: counts.length, effects_repeated: counts.filter((count) => count > 1).length },
    ...{ cells_killed: cellsKilled, runs_struck: load.struck, processes: sampler.seen.length },
    ...{ zombies: sampler.zombies.size, orphans: orphans.problems.length },
    ...{ delay_ms: delaysOf(underLoad), flat },
    store_mb_max: mb(Math.max(...sampler.samples.map(({ store_bytes }) => store_bytes))),
    blobs_unreferenced: aftermath.blobs,
    at_rest: { before: restOf(before), after: restOf(after) },
    problems,
  };
}

/** A sample while nothing runs, after the probe has collected garbage. */
async function atRest(sampler: Sampler, options: SoakOptions): Promise<Sample> {
  await sleep(collectMs(options) + 2_500);
  return sampler.take();
}

/** Applies the rules of retention until nothing is due. */
async function retire(victim: Victim): Promise<void> {
  for (let more = true; more; ) {
    const report = await victim.call<RetentionReport>('POST', '/v1/retention/run', { reason: 'the soak' });
    more = report?.more ?? false;
    const stays = report?.tasks.find(({ problem }) => problem !== null);
    if (stays !== undefined) throw new Error(`the task ${stays.task_id} cannot be removed: ${stays.problem}`);
  }
}

/** Stops the process as an operator does, and looks at what it leaves. */
async function end({ victim, directory }: Surroundings, sampler: Sampler) {
  await victim.kill('SIGTERM');
  const problems: string[] = [];
  if (victim.exitCode !== 0) problems.push(`weft serve ended with ${victim.exitCode}: ${victim.stderr.slice(-1_000)}`);
  const living = () => sampler.seen.filter(({ pid, started }) => processOf(pid)?.started === started);
  for (const deadline = performance.now() + ORPHAN_MS_MAX; living().length > 0 && performance.now() < deadline; )
    await sleep(100);
  for (const { pid, command } of living())
    problems.push(`process ${pid} outlived weft serve: ${command.slice(0, 200)}`);
  return { orphans: { problems }, aftermath: await lookInto(placesIn(directory).store) };
}

async function every(ms: number, signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await act();
  }
}

/** False when it was gone already. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 100_000) },
    },
  });
  const seed = Number(values.seed);
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await soak({ minutes: Number(values.minutes), seed, progress });
  process.stdout.write(`${reportText(report)}\n`);
  const file = `build/soak/seed-${seed}.json`;
  await mkdir('build/soak', { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`\n${file}\n`);
  if (report.problems.length > 0) process.exitCode = 1;
}
