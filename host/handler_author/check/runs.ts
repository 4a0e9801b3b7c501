import { exampleCases, type HandlerCase } from '../case_file.ts';
import { contractProblems, inputProblems } from '../contract.ts';
import type { EngineEnd } from '../engine.ts';
import { enginesDiffer, expectationProblems, stepOf } from '../run_case.ts';
import { casesOf } from '../test_handler.ts';
import { type CheckFinding, fail, listed, pass, skip } from './finding.ts';
import type { Subject, SubjectRun } from './subject.ts';

/** Runs every example and every case once in a cell. */
export async function runAll(subject: Omit<Subject, 'runs'>): Promise<readonly SubjectRun[]> {
  const { loaded, target, wasm } = subject;
  const runs: SubjectRun[] = [];
  for (const each of [...exampleCases(loaded.capability), ...casesOf(target)])
    runs.push({ each, end: await wasm.run(stepOf(each.input), each.input) });
  return runs;
}

/** The examples that have a result give it; those without one end as the capability documents. */
export function checkExamples(subject: Subject): CheckFinding {
  return checkRuns('examples', subject, (each) => each.folder === undefined, {
    none: 'its capability has no examples',
    advice: 'correct the example or the handler: an example is documentation that is run',
  });
}

/** The cases of the source end as they say. */
export function checkCases(subject: Subject): CheckFinding {
  return checkRuns('cases', subject, (each) => each.folder !== undefined, {
    none: 'there are no cases; they lie beside the source, and --source names it',
    advice: '`weft handlers test` shows each of them',
  });
}

function checkRuns(
  check: string,
  { runs, loaded }: Subject,
  isMeant: (each: HandlerCase) => boolean,
  { none, advice }: { readonly none: string; readonly advice: string },
): CheckFinding {
  const meant = runs.filter(({ each }) => isMeant(each));
  if (meant.length === 0) return skip(check, none);
  const wrong = meant.flatMap(({ each, end }) =>
    runProblems(each, end, loaded.capability).map((problem) => `${each.name}: ${problem}`),
  );
  const stated = meant.filter(({ each }) => each.expected !== undefined).length;
  if (wrong.length > 0) return fail(check, listed(wrong), advice);
  return pass(check, `${meant.length} ran in a cell, ${stated} of them with a stated end`);
}

function runProblems(
  { input, expected, folder }: HandlerCase,
  end: EngineEnd,
  capability: Subject['loaded']['capability'],
) {
  // An example without a result needs a world that nobody has described.
  const world = expected === undefined ? [] : end.problems;
  const wrong = expected === undefined ? [] : expectationProblems(folder, expected, end.verdict);
  return [...inputProblems(input, capability), ...wrong, ...world, ...contractProblems(end.verdict, capability)];
}

/** The source run by Node and the component give the same bytes. */
export async function checkNative({ native, runs }: Subject): Promise<CheckFinding> {
  const check = 'native';
  if (native === undefined) return skip(check, 'there is no source to run natively; name it with --source');
  if (runs.length === 0) return skip(check, 'there is nothing to run: no examples and no cases');
  const wrong: string[] = [];
  for (const { each, end } of runs) {
    const other = await native.run(stepOf(each.input), each.input);
    wrong.push(...enginesDiffer(end, other).map((problem) => `${each.name}: ${problem}`));
  }
  if (wrong.length === 0) return pass(check, `${runs.length} runs gave the same bytes natively and as WASM`);
  return fail(
    check,
    listed(wrong),
    'avoid what engines do differently, as sorting by locale or the text of exceptions',
  );
}

/** Declared idempotent, a run that is repeated with the same key asks the same of the world and ends the same. */
export async function checkIdempotency({ loaded, wasm, runs }: Subject): Promise<CheckFinding> {
  const check = 'idempotency';
  if (loaded.capability.annotations.idempotentHint !== true) return skip(check, 'it does not declare idempotentHint');
  if (runs.length === 0) return skip(check, 'there is nothing to run: no examples and no cases');
  const wrong: string[] = [];
  for (const { each, end } of runs) {
    const again = await wasm.run(stepOf(each.input), each.input);
    const same = JSON.stringify([end.texts, end.calls, end.problems, end.verdict]);
    if (JSON.stringify([again.texts, again.calls, again.problems, again.verdict]) !== same) wrong.push(each.name);
  }
  if (wrong.length === 0) return pass(check, `${runs.length} runs were repeated, and each ended as before`);
  return fail(check, `${listed(wrong)} ended otherwise when repeated`, 'derive keys from idempotencyKey alone');
}

/** Refused what it declares, it ends well or by a failure that it documents, and never by a crash. */
export async function checkDenied({ loaded, wasm, runs }: Subject): Promise<readonly CheckFinding[]> {
  const interfaces = loaded.capability.imports.map((name) => name.replace(/@.*/, ''));
  const found: CheckFinding[] = [];
  for (const name of interfaces) {
    const check = `denied ${name}`;
    if (!REFUSABLE.has(name)) {
      found.push(skip(check, 'this interface has no refusal: it is granted to whoever imports it'));
      continue;
    }
    const callers = runs.filter(({ end }) => (end.calls[name] ?? 0) > 0);
    if (callers.length === 0) {
      found.push(skip(check, 'no example and no case calls it'));
      continue;
    }
    const wrong: string[] = [];
    for (const { each } of callers) {
      const { verdict } = await wasm.run(stepOf(each.input), { ...each.input, denied: [name] });
      wrong.push(...contractProblems(verdict, loaded.capability).map((problem) => `${each.name}: ${problem}`));
    }
    found.push(
      wrong.length === 0
        ? pass(check, `${callers.length} runs were refused it, and each ended as documented`)
        : fail(check, listed(wrong), 'turn the error of the host function into a failure that the capability lists'),
    );
  }
  return found.length === 0 ? [skip('denied', 'it imports nothing')] : found;
}

/** Interfaces whose functions have an error `denied`. */
const REFUSABLE: ReadonlySet<string> = new Set(['weft:http/client', 'weft:mail/sender']);

/** Its largest run stays within the memory that its capability declares. */
export function checkMemory({ loaded, runs }: Subject): CheckFinding {
  const check = 'memory';
  if (runs.length === 0) return skip(check, 'there is nothing to run: no examples and no cases');
  const { memoryMb } = loaded.capability.resources;
  const largest = Math.max(...runs.map(({ end }) => end.memory_bytes)) / 1024 / 1024;
  const found = `at most ${largest.toFixed(1)} MB, and ${memoryMb} MB are declared`;
  return largest <= memoryMb ? pass(check, found) : fail(check, found, 'raise resources.memoryMb, or use less');
}
