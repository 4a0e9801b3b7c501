/**
 * Writes a golden history for every event kind and every way a task can end that has none yet. Histories that exist
 * are never touched: they are what older versions wrote, and every later version must fold them to the same state.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Golden } from './golden.ts';
import { GOLDEN_DIRECTORY } from './golden.ts';
import { snapshot } from './invariants.ts';
import { runWorld, simulatePlans } from './simulate.ts';

const SEEDS = 3_000;

const covered = new Set<string>();
for (const file of (await readdir(GOLDEN_DIRECTORY)).filter((name) => name.endsWith('.json'))) {
  const golden = JSON.parse(await readFile(new URL(file, GOLDEN_DIRECTORY), 'utf8')) as Golden;
  for (const trait of traitsOf(golden.entries)) covered.add(trait);
}
for (let seed = 1; seed <= SEEDS; seed++) {
  await record(`v1_seed_${seed}.json`, runWorld(seed));
  await record(`v1_plan_${seed}.json`, simulatePlans(seed));
}

async function record(name: string, { world, template }: ReturnType<typeof runWorld>): Promise<void> {
  const fresh = [...traitsOf(world.journal)].filter((trait) => !covered.has(trait));
  const file = new URL(name, GOLDEN_DIRECTORY);
  if (fresh.length === 0 || existsSync(file)) return;
  for (const trait of fresh) covered.add(trait);
  const golden: Golden = {
    covers: fresh.sort(),
    template,
    entries: world.journal,
    state: JSON.parse(snapshot(world.state)),
  };
  await writeFile(file, `${JSON.stringify(golden, null, 1)}\n`);
  process.stdout.write(`${file.pathname}: ${fresh.join(', ')}\n`);
}

function traitsOf(entries: Golden['entries']): Set<string> {
  const events = entries.flatMap((entry) => entry.events);
  return new Set(
    events.map((event) => (event.kind === 'task_status_changed' ? `${event.kind} to ${event.to}` : event.kind)),
  );
}
