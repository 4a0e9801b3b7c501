import { WeftError } from '../../../kernel/errors.ts';
import { checkComponent } from '../../sandbox/component_check.ts';
import { AUTHOR_BOUNDS, type LoadedTarget, loadTarget, openAuthorStore } from '../load.ts';
import type { Target } from '../target.ts';
import { openEngines } from '../test_handler.ts';
import { checkImports, checkManifest, checkSize, checkSource } from './bytes.ts';
import { checkColdStart, checkKilled } from './cells.ts';
import { type CheckFinding, fail, pass } from './finding.ts';
import { checkCases, checkDenied, checkExamples, checkIdempotency, checkMemory, checkNative, runAll } from './runs.ts';
import type { Subject } from './subject.ts';

/** What the examination of one component came to. */
export interface CheckReport {
  readonly handler: string;
  readonly component: string;
  /** No check failed. */
  readonly ok: boolean;
  readonly findings: readonly CheckFinding[];
}

/**
 * Holds a component to everything that Weft asks of one, whoever made it. None of it runs outside a cell; with a source,
 * that runs in a confined process as well. When a component is refused outright, that is the only finding.
 *
 * @param cacheDirectory for what is made of it.
 * @throws BuildError when the cases of the source cannot be read; Error when the component cannot
 */
export async function checkHandler(target: Target, cacheDirectory: string): Promise<CheckReport> {
  const components = await openAuthorStore(cacheDirectory);
  let loaded: LoadedTarget;
  try {
    loaded = await loadTarget(target, components);
  } catch (error) {
    if (!(error instanceof Error) || isOfSystem(error)) throw error;
    const advice = 'build it with this version of Weft; docs/handler_authoring.md says what a component must be';
    return report(target, [fail('component', error.message, advice)]);
  }
  const { imports } = checkComponent(loaded.bytes, AUTHOR_BOUNDS);
  const [wasm, native] = await openEngines(target, loaded.directory);
  try {
    const opened = { target, loaded, components, wasm: wasm!, ...(native === undefined ? {} : { native }) };
    const subject: Subject = { ...opened, runs: await runAll(opened) };
    const { name, version } = loaded.capability;
    return report(target, [
      pass('component', `structure, names, world and capability are accepted: ${name}@${version}`),
      checkImports(subject, imports),
      checkManifest(subject),
      await checkSource(subject),
      checkExamples(subject),
      checkCases(subject),
      await checkNative(subject),
      await checkIdempotency(subject),
      ...(await checkDenied(subject)),
      await checkKilled(subject),
      checkMemory(subject),
      checkSize(subject),
      await checkColdStart(subject),
    ]);
  } finally {
    await Promise.all([wasm?.close(), native?.close()]);
  }
}

/** A disk or a file, not the component. */
function isOfSystem(error: Error): boolean {
  if (error instanceof WeftError) return error.code !== 'component_refused';
  return 'code' in error;
}

function report({ name, component }: Target, findings: readonly CheckFinding[]): CheckReport {
  return { handler: name, component, ok: findings.every(({ status }) => status !== 'fail'), findings };
}
