import { parseArgs } from 'node:util';
import { compileTrusted } from '../../kernel/template/compile.ts';
import type { Template } from '../../kernel/template/types.ts';
import { generateTemplate } from './generate.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

/** More than any simulated task needs; one that takes longer does not terminate. */
const STEPS_MAX = 20_000;

/** What a simulation came to. */
export interface Simulated {
  readonly seed: number;
  readonly status: string;
  readonly events: number;
}

/**
 * Runs one task in a misbehaving world until it has settled.
 * @throws Error naming the seed, when an invariant breaks or the task does not end
 */
export function simulate(seed: number): Simulated {
  const { head } = runWorld(seed).world.state;
  return { seed, status: head.status, events: head.seq };
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

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seeds: { type: 'string', default: '1000' }, first: { type: 'string', default: '1' } },
  });
  const first = Number(values.first);
  const ends: Record<string, number> = {};
  let events = 0;
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const simulated = simulate(seed);
    ends[simulated.status] = (ends[simulated.status] ?? 0) + 1;
    events += simulated.events;
  }
  process.stdout.write(`${values.seeds} seeds from ${first}: every task settled, ${events} events\n`);
  for (const [status, many] of Object.entries(ends).sort()) process.stdout.write(`  ${status.padEnd(20)} ${many}\n`);
}
