/** `npm run bench -- NAME [--json FILE] [--save-baseline]`: runs one benchmark, prints and keeps its figures; bench/README.md. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { JsonObject } from '../kernel/json.ts';
import { baselineFile, compare, readBaseline, saveBaseline } from './baseline.ts';
import { benchCancel } from './cancel.ts';
import { benchColdStart } from './coldstart.ts';
import { benchEngine } from './engine.ts';
import { benchFragments } from './fragments.ts';
import { benchIdle } from './idle.ts';
import { type Benchmark, machine } from './report.ts';
import { benchRunaway } from './runaway.ts';
import { benchSnapshots } from './snapshots.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  cancel: benchCancel,
  coldstart: benchColdStart,
  engine: benchEngine,
  fragments: benchFragments,
  idle: benchIdle,
  snapshots: benchSnapshots,
  runaway: benchRunaway,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, 'save-baseline': { type: 'boolean' } },
});
const [name = ''] = positionals;
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  process.stderr.write(`there is no benchmark "${name}"; there is ${Object.keys(BENCHMARKS).join(', ')}\n`);
  process.exit(2);
}
const { table, data, chart } = await benchmark();
const date = new Date().toISOString().slice(0, 10);
const run: JsonObject = { benchmark: name, commit: commit(), date, machine: machine(), ...data };
process.stdout.write(`${table}\n`);

const baseline = await readBaseline(name);
if (baseline !== undefined) process.stdout.write(`\n${compare(baseline, run)}\n`);
const file = values.json ?? `build/bench/${name}.json`;
await mkdir(dirname(file), { recursive: true });
await writeFile(file, `${JSON.stringify(run, null, 2)}\n`);
process.stdout.write(`\nwritten to ${file}\n`);
if (chart !== undefined) await keep(`build/bench/${name}.svg`, chart);
if (values['save-baseline'] === true) {
  await saveBaseline(name, run);
  process.stdout.write(`written to ${baselineFile(name)}\n`);
  if (chart !== undefined) await keep(join(import.meta.dirname, `${name}.svg`), chart);
}

async function keep(path: string, chart: string): Promise<void> {
  await writeFile(path, chart);
  process.stdout.write(`drawn in ${path}\n`);
}

/** What was measured: the commit, and whether it was changed since. */
function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=10'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
