/** `node testing/fuzz/fragments.ts [--seed N] [--count N]`: mutated fragments; a failure names its seed and is shrunk. */
import { globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { satisfies } from '../../host/catalog/catalog.ts';
import { hostSchemaCompiler } from '../../host/schemas.ts';
import type { Capability, CatalogEntry } from '../../kernel/capability/types.ts';
import { fragmentAsTemplate } from '../../kernel/fragment/as_template.ts';
import { simulateFragment } from '../../kernel/fragment/simulate.ts';
import type { FragmentContext, ValidFragment } from '../../kernel/fragment/types.ts';
import { validateFragment } from '../../kernel/fragment/validate.ts';
import type { Json } from '../../kernel/json.ts';
import { arbitraryFragment, documentMutations, mutateDocument } from '../arbitrary_fragment.ts';
import { runWorld } from '../simulator/simulate.ts';

const CASES = new URL('../../kernel/fragment/cases/', import.meta.url);
const readCase = (path: string): Json => JSON.parse(readFileSync(new URL(path, CASES), 'utf8')) as Json;

const gallery = globSync('valid_*/fragment.json', { cwd: CASES }).sort().map(readCase);

const anything = { type: 'object' };
const simulated = {
  ...{ name: 'simulated', version: '1.0.0', configSchema: anything, inputSchema: anything, outputSchema: {} },
  resources: { network: false, typicalLatencyMs: 1, memoryMb: 1, costPerCallUsd: 0 },
} as unknown as Capability;

/** Where the fragments would run: the surroundings of the gallery, and the handler `simulated`. */
export function fuzzContext(): FragmentContext {
  const capabilities = [...(readCase('catalog.json') as unknown as readonly Capability[]), simulated];
  const catalog = capabilities.map((capability): CatalogEntry => {
    const { name, version } = capability;
    return { name, version, digest: `sha256:${name}`, capability };
  });
  const { allowed_handlers: _, ...surroundings } = readCase('context.json') as unknown as FragmentContext;
  const bounds = { steps: 500, depth: 20, fan_out: 50, calls: 5_000, cost_usd: 100 };
  return { ...surroundings, bounds, catalog, satisfies, compiler: hostSchemaCompiler() };
}

/** How often a fragment was accepted or refused. */
export type FragmentTally = { accepted: number; refused: number };

/** Longer than this, validation hangs. No input takes a twentieth of it. */
const CHECK_MS_MAX = 5_000;

/**
 * Mutated fragments get an answer, soon, and the same as text and as a document; what is accepted keeps to its bounds,
 * comes to its end in the simulator, whatever goes wrong there, and to its exit when nothing does.
 * @throws Error with seed and smallest counterexample
 */
export function fuzzFragments(context: FragmentContext, seed: number, count: number): FragmentTally {
  const tally: FragmentTally = { accepted: 0, refused: 0 };
  const source = fc.oneof({ weight: 3, arbitrary: arbitraryFragment }, fc.constantFrom(...gallery));
  fc.assert(
    fc.property(source, documentMutations, fc.nat(), (fragment, mutations, world) => {
      const document = mutateDocument(fragment, mutations);
      const begun = performance.now();
      const validation = validateFragment({ kind: 'document', document }, context);
      const ms = performance.now() - begun;
      if (ms > CHECK_MS_MAX) throw new Error(`validation took ${Math.round(ms)} ms`);
      const again = validateFragment({ kind: 'text', text: JSON.stringify(document) }, context);
      if (again.ok !== validation.ok) throw new Error('text and document are not treated alike');
      tally[validation.ok ? 'accepted' : 'refused']++;
      if (validation.ok) checkSound(validation.valid, context, world);
    }),
    { seed, numRuns: count },
  );
  return tally;
}

function checkSound(valid: ValidFragment, context: FragmentContext, seed: number): void {
  runWorld(seed, fragmentAsTemplate(valid));
  const { runs } = simulateFragment(valid, context, { first: seed, runs: 1 });
  for (const { status, path, output } of runs) {
    if (path.length > valid.bounds.steps) throw new Error(`${path.length} steps ran, of ${valid.bounds.steps}`);
    if (path.some((each) => each.status !== 'complete')) continue;
    if (status !== 'complete' || output === undefined) throw new Error(`nothing failed, and the task is ${status}`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      count: { type: 'string', default: '100000' },
    },
  });
  const begun = performance.now();
  process.stdout.write(`fragments: ${values.count} inputs from seed ${values.seed}\n`);
  const { accepted, refused } = fuzzFragments(fuzzContext(), Number(values.seed), Number(values.count));
  const seconds = Math.round((performance.now() - begun) / 1_000);
  process.stdout.write(`  accepted ${accepted}\n  refused  ${refused}\n  in ${seconds} s\n`);
}
