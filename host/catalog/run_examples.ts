import { configMarks } from '../../kernel/capability/literals.ts';
import type { Capability, CapabilityExample } from '../../kernel/capability/types.ts';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { compileValue } from '../../kernel/reference/parse.ts';
import { openCellEngine } from '../handler_author/cell_engine.ts';
import { contractProblems } from '../handler_author/contract.ts';
import type { CaseEngine } from '../handler_author/engine.ts';
import { expectationProblems, stepOf } from '../handler_author/run_case.ts';
import { Refusal } from './refusal.ts';

/** What came of the examples of a component that has passed. */
export type ExamplesReport = {
  readonly passed: number;
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
};

/** The interfaces through which an example would reach the world: each of their calls is refused. */
const OUTWARD = ['weft:http/client', 'weft:mail/sender'];
/** All examples of a component together. */
const TIME_MS_MAX = 60_000;

/**
 * Runs the examples of a translated component's capability in a cell of their own. What an example needs from the world
 * it does not get: one that asks for it is skipped, as is one that names no result or refers to other steps.
 * @param directory where `transpile` left the component.
 * @throws Refusal naming every example that did not give its result
 */
export async function runExamples(directory: string, capability: Capability): Promise<ExamplesReport> {
  const engine = openCellEngine(directory);
  const skipped: { title: string; reason: string }[] = [];
  const failed: Diagnostic[] = [];
  let passed = 0;
  const until = performance.now() + TIME_MS_MAX;
  try {
    for (const [index, example] of capability.composition.examples.entries()) {
      const { title } = example;
      const late = performance.now() > until;
      const end = late
        ? { problems: [`was not reached in ${TIME_MS_MAX / 1000} s`] }
        : await run(example, engine, capability);
      if ('skip' in end) skipped.push({ title, reason: end.skip });
      else if (end.problems.length === 0) passed++;
      else {
        failed.push(
          diagnose('handler_example_failed', {
            pointer: `/composition/examples/${index}`,
            message: `its example "${title}": ${end.problems.join('; ')}`.slice(0, 2_000),
          }),
        );
      }
      if (late) break;
    }
  } finally {
    await engine.close();
  }
  if (failed.length > 0) throw new Refusal('examples', failed);
  return { passed, skipped };
}

async function run(
  { config, inputs, result }: CapabilityExample,
  engine: CaseEngine,
  capability: Capability,
): Promise<{ readonly skip: string } | { readonly problems: readonly string[] }> {
  if (result === undefined) return { skip: 'it names no result: it needs the network or people' };
  const { literalAt } = configMarks(capability.configSchema);
  if (compileValue(config, { literalAt }).references.length + compileValue(inputs).references.length > 0) {
    return { skip: 'it refers to other steps or to secrets' };
  }
  const { verdict, calls } = await engine.run(stepOf({ config, inputs }), { denied: OUTWARD });
  const asked = OUTWARD.find((name) => (calls[name] ?? 0) > 0);
  if (asked !== undefined) return { skip: `it called ${asked}, which examples may not` };
  return {
    problems: [
      ...expectationProblems(undefined, { outcome: { result } }, verdict),
      ...contractProblems(verdict, capability),
    ],
  };
}
