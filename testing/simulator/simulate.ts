import { parseArgs } from 'node:util';
import { compileTrusted } from '../../kernel/template/compile.ts';
import type { Template } from '../../kernel/template/types.ts';
import { auditBatches, SITUATIONS, type Situation } from './batch_audit.ts';
import { generateTemplate } from './generate.ts';
import { checkResultOrder } from './invariants.ts';
import { auditPlans, generatePlanningTemplate, PLAN_SITUATIONS, type PlanSituation } from './plans.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

/** More than any simulated task needs; one that takes longer does not terminate. */
const STEPS_MAX = 20_000;

/** What a simulation came to. */
export interface Simulated {
  readonly seed: number;
  readonly status: string;
  readonly events: number;
  /** What it came across. */
  readonly situations: ReadonlySet<Situation | typeof CRASH>;
}

/** Seen by the world, not by the journal. */
const CRASH = 'crash while workers run';

/**
 * Runs one task in a misbehaving world until it has settled.
 * @throws Error naming the seed, when an invariant breaks or the task does not end
 */
export function simulate(seed: number): Simulated {
  const { world, template } = runWorld(seed);
  const { head } = world.state;
  const situations = new Set<Situation | typeof CRASH>(audited(seed, world, template));
  if (world.crashesInBatch > 0) situations.add(CRASH);
  return { seed, status: head.status, events: head.seq, situations };
}

/** The same, giving the world as it ended; the template is drawn from the seed unless one is given. */
export function runWorld(seed: number, given?: Template): { readonly world: World; readonly template: Template } {
  const random = new Random(seed);
  const template = given ?? generateTemplate(random);
  const world = new World(compileTrusted(template, `sha256:${seed}`), random);
  try {
    world.submit();
    for (let step = 0; !world.settled; step++) {
      if (step === STEPS_MAX)
        throw new Error(`the task did not settle in ${STEPS_MAX} steps: ${world.state.head.status}`);
      world.step();
    }
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
  }
  return { world, template };
}

/** The same with planning steps in the frame, and what it came across. @throws Error naming the seed */
export function simulatePlans(seed: number): {
  readonly world: World;
  readonly template: Template;
  readonly situations: ReadonlySet<PlanSituation>;
} {
  const template = generatePlanningTemplate(new Random(seed));
  const { world } = runWorld(seed, template);
  try {
    return { world, template, situations: auditPlans(world.journal, world.state) };
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
  }
}

function audited(seed: number, world: World, template: Template): ReadonlySet<Situation> {
  try {
    checkResultOrder(world.state);
    return auditBatches(template, world.journal);
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seeds: { type: 'string', default: '1000' }, first: { type: 'string', default: '1' } },
  });
  const first = Number(values.first);
  const ends: Record<string, number> = {};
  const seen = new Map<string, number>([...SITUATIONS, CRASH].map((situation) => [situation, 0]));
  let events = 0;
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const simulated = simulate(seed);
    ends[simulated.status] = (ends[simulated.status] ?? 0) + 1;
    events += simulated.events;
    for (const situation of simulated.situations) seen.set(situation, seen.get(situation)! + 1);
  }
  const planned = new Map<string, number>(PLAN_SITUATIONS.map((situation) => [situation, 0]));
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    for (const situation of simulatePlans(seed).situations) planned.set(situation, planned.get(situation)! + 1);
  }
  process.stdout.write(`${values.seeds} seeds from ${first}: every task settled, ${events} events\n`);
  for (const [status, many] of Object.entries(ends).sort()) process.stdout.write(`  ${status.padEnd(46)} ${many}\n`);
  process.stdout.write('seeds in which it came to\n');
  for (const [situation, many] of [...seen, ...planned]) process.stdout.write(`  ${situation.padEnd(46)} ${many}\n`);
}
