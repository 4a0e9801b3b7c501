import type { Capability } from '../../kernel/capability/types.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { StepRecord } from '../sandbox/cell/messages.ts';
import type { RunVerdict } from '../sandbox/run_end.ts';
import type { CaseExpected, CaseInput, HandlerCase } from './case_file.ts';
import { contractProblems, inputProblems } from './contract.ts';
import { differences, differenceText } from './difference.ts';
import type { CaseEngine, EngineEnd } from './engine.ts';

/** What a case came to in one engine or in two. */
export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** What is wrong, a line each; empty when it passed. */
  readonly problems: readonly string[];
  /** In the cell, or natively where only that ran. */
  readonly run_ms: number;
}

/**
 * Runs a case in every engine and says all that is wrong: the input against the capability, the end against what is
 * expected and documented, the requests against the case's, and one engine against the other, byte by byte. The
 * message of a failure nobody foresaw may differ: engines word their own exceptions differently.
 */
export async function runCase(
  each: HandlerCase,
  engines: readonly CaseEngine[],
  capability: Capability,
): Promise<CaseResult> {
  const { name, input } = each;
  const ends: EngineEnd[] = [];
  for (const engine of engines) ends.push(await engine.run(stepOf(input), input));
  const problems = [
    ...inputProblems(input, capability),
    ...engines.flatMap((engine, index) => {
      const found = endProblems(each, ends[index]!, capability);
      return engines.length === 1 ? found : found.map((problem) => `${engine.name}: ${problem}`);
    }),
    ...(ends.length === 2 ? enginesDiffer(ends[0]!, ends[1]!) : []),
  ];
  // What is wrong in both engines in the same way is said once.
  const said = engines.length === 1 ? problems : mergeEngines(problems, engines);
  return { name, passed: said.length === 0, problems: said, run_ms: ends[0]?.run_ms ?? 0 };
}

/** The step that a case's run gets. */
export function stepOf({ config, inputs = {}, resume, attempt = 1 }: CaseInput): StepRecord {
  return {
    taskId: 'task-1',
    stepId: 'step-1',
    stepName: 'step',
    attempt,
    idempotencyKey: 'key-1',
    config: JSON.stringify(config),
    inputs: JSON.stringify(inputs),
    ...(resume === undefined
      ? {}
      : { resume: { ...resume, state: JSON.stringify(resume.state), signals: JSON.stringify(resume.signals) } }),
  };
}

/** In the form of `expected.json`. */
export function endOf(verdict: RunVerdict): CaseExpected {
  return verdict.kind === 'outcome'
    ? { outcome: verdict.outcome as unknown as JsonObject }
    : { failure: verdict.failure };
}

/** Where two engines ended otherwise. */
export function enginesDiffer(wasm: EngineEnd, native: EngineEnd): readonly string[] {
  const strict = differences(comparable(wasm.verdict), comparable(native.verdict));
  if (strict.length > 0) return strict.map((each) => `WASM and native differ: ${differenceText(each)}`);
  const [left, right] = [JSON.stringify(wasm.texts), JSON.stringify(native.texts)];
  return left === right ? [] : [`WASM and native wrote other bytes: ${left} and ${right}`];
}

function comparable(verdict: RunVerdict): Json {
  const end = endOf(verdict);
  return ('failure' in end ? { failure: withoutMessage(end.failure) } : end) as Json;
}

function endProblems(each: HandlerCase, end: EngineEnd, capability: Capability): readonly string[] {
  const { expected, folder } = each;
  const wrong = expected === undefined ? [] : expectationProblems(folder, expected, end.verdict);
  return [...wrong, ...end.problems, ...contractProblems(end.verdict, capability)];
}

/** Where a run ended otherwise than its case says; of an example, which has no folder, the result alone counts. */
export function expectationProblems(
  folder: string | undefined,
  expected: CaseExpected,
  verdict: RunVerdict,
): readonly string[] {
  const got = endOf(verdict);
  if ('failure' in expected) {
    const wanted = { retryable: false, ...expected.failure };
    if (!('failure' in got)) return different({ failure: wanted }, got);
    const failure = wanted.message === undefined ? withoutMessage(got.failure) : got.failure;
    return different({ failure: wanted }, { failure });
  }
  // An example names the result alone.
  const isExample = folder === undefined && 'outcome' in got;
  return different(expected, isExample ? { outcome: { result: got.outcome['result'] ?? null } } : got);
}

function different(expected: unknown, got: unknown): readonly string[] {
  return differences(expected as Json, got as Json).map(differenceText);
}

function withoutMessage<T extends { readonly message?: string }>({ message: _, ...rest }: T): Omit<T, 'message'> {
  return rest;
}

function mergeEngines(problems: readonly string[], engines: readonly CaseEngine[]): readonly string[] {
  const [first, second] = engines.map(({ name }) => `${name}: `);
  return problems.flatMap((problem) => {
    if (first === undefined || second === undefined) return [problem];
    if (problem.startsWith(second) && problems.includes(first + problem.slice(second.length))) return [];
    const isBoth = problem.startsWith(first) && problems.includes(second + problem.slice(first.length));
    return [isBoth ? problem.slice(first.length) : problem];
  });
}
