import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packagePath } from '../../host/toolchain/package_path.ts';
import { Random } from '../simulator/random.ts';
import { drawMutations, fewest, mutate } from './mutations.ts';

/** What is fuzzed: its honest inputs, and what must hold for whatever becomes of them. */
export interface Target {
  readonly name: string;
  readonly inputs: readonly Buffer[];
  /** Names what became of an input. @throws when a rule is broken. */
  readonly check: (input: Buffer) => Promise<string> | string;
}

/** How often each thing became of an input. */
export type Tally = Readonly<Record<string, number>>;

/** More processor time than this, and something loops. No input takes a hundredth of it. */
const CHECK_MS_MAX = 5_000;

/**
 * Checks `count` mutated inputs, each drawn from its own seed. One that fails is reduced and left in `build/fuzz/`.
 * @throws Error that names the seed and the file
 */
export async function fuzz({ name, inputs, check }: Target, first: number, count: number): Promise<Tally> {
  const tally: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed++) {
    const random = new Random(seed);
    const input = random.pick(inputs);
    const mutations = drawMutations(random, inputs);
    const problem = await problemWith(mutate(input, mutations));
    if (problem === undefined) continue;
    const least = await fewest(mutations, async (fewer) => (await problemWith(mutate(input, fewer))) !== undefined);
    const file = keep(`${name}-${seed}.bin`, mutate(input, least));
    throw new Error(`${name}, seed ${seed}: ${problem}; the reduced input is ${file}`);
  }
  return tally;

  async function problemWith(input: Buffer): Promise<string | undefined> {
    const before = process.cpuUsage();
    try {
      const became = await check(input);
      tally[became] = (tally[became] ?? 0) + 1;
    } catch (error) {
      return String(error);
    }
    // Not time by the clock: the machine may be busy with something else.
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1_000;
    return ms > CHECK_MS_MAX ? `it took ${Math.round(ms)} ms of processor time` : undefined;
  }
}

function keep(file: string, bytes: Buffer): string {
  const directory = join(dirname(packagePath('package.json')), 'build', 'fuzz');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, file);
  writeFileSync(path, bytes);
  return path;
}
