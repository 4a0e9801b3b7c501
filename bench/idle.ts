import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../kernel/json.ts';
import { Victim } from '../testing/chaos/victim.ts';
import { type Benchmark, table } from './report.ts';

const TASKS = 5_000;
const CONCURRENCY = 16;
const IDLE_MS = 60_000;
/** Boot, first garbage collections and the cells' warm-up are no part of waiting. */
const CALM_MS = 5_000;
const PAGE = 500;
const DAY_MS = 86_400_000;
/** Of `/proc/<pid>/stat`: `getconf CLK_TCK`, which Linux fixes at 100. */
const TICK_MS = 10;

const TEMPLATE: Json = {
  name: 'idle',
  version: '1.0.0',
  steps: [
    {
      name: 'ask',
      handler: { catalog: 'gate', config: { title: 'May it?', timeout_ms: 30 * DAY_MS, reminders_ms: [7 * DAY_MS] } },
    },
  ],
};

/**
 * What waiting costs: 5,000 tasks at gates with deadlines, made through the API and the real handler; `weft serve` is
 * killed and started again, and then left alone for a minute. CPU time is that of the process and its cells, from
 * `/proc` (Linux).
 */
export async function benchIdle(): Promise<Benchmark> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-idle-'));
  const serve = await Victim.prepare(directory, 9);
  try {
    await serve.start();
    const made = performance.now();
    await submitAll(serve);
    const created_s = (performance.now() - made) / 1_000;
    await serve.kill();
    await serve.start();
    const start_ms = serve.starts_ms.at(-1)!;
    await pause(CALM_MS);
    const before = await cpuMs(serve.pid);
    await pause(IDLE_MS);
    const cpu_ms = (await cpuMs(serve.pid)) - before;
    const share = (100 * cpu_ms) / IDLE_MS;
    const rss_mb = await residentMb(serve.pid);
    return {
      table: table(
        ['tasks at gates', 'start ms', `CPU ms in ${IDLE_MS / 1_000} s`, '% of a core', 'memory of the server, MB'],
        [[String(TASKS), start_ms, cpu_ms, share, rss_mb]],
      ),
      data: { tasks: TASKS, created_s, start_ms, idle_ms: IDLE_MS, cpu_ms, core_percent: share, rss_mb },
    };
  } finally {
    await serve.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

async function submitAll(serve: Victim): Promise<void> {
  let left = TASKS;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) {
        const task = await serve.call('POST', '/v1/tasks', { template: TEMPLATE, context: {} });
        if (task === undefined) throw new Error('weft serve did not take a task');
      }
    }),
  );
  while ((await waiting(serve)) < TASKS) await pause(500);
}

/** How many steps wait for input. */
async function waiting(serve: Victim): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const after = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await serve.call<{ items: unknown[]; next_cursor?: string }>('GET', `/v1/gates?limit=${PAGE}${after}`);
    count += page?.items.length ?? 0;
    cursor = page?.next_cursor;
  } while (cursor !== undefined);
  return count;
}

/** CPU time of a process and all below it. */
async function cpuMs(pid: number): Promise<number> {
  const processes = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(readStat));
  const family = new Set([pid]);
  let ticks = 0;
  // Parents are older, and have lower numbers unless those have wrapped around.
  for (const process of processes.filter((each) => each !== undefined).sort((a, b) => a.pid - b.pid)) {
    if (!family.has(process.pid) && !family.has(process.parent)) continue;
    family.add(process.pid);
    ticks += process.ticks;
  }
  return ticks * TICK_MS;
}

/** @see proc_pid_stat(5) */
async function readStat(pid: string): Promise<{ pid: number; parent: number; ticks: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field is a name in parentheses, which may hold anything; the third is at index 0 here.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
