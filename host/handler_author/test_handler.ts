import { join } from 'node:path';
import type { ComponentStore } from '../sandbox/component_store.ts';
import { exampleCases, type HandlerCase, readCases } from './case_file.ts';
import { openCellEngine } from './cell_engine.ts';
import type { CaseEngine } from './engine.ts';
import { buildTarget, loadTarget } from './load.ts';
import { openNativeEngine } from './native_engine.ts';
import { type CaseResult, runCase } from './run_case.ts';
import type { Target } from './target.ts';

/** What the cases of one handler came to. */
export interface TestReport {
  readonly handler: string;
  readonly version: string;
  readonly digest: string;
  readonly build_ms: number;
  /** Of all cases together. */
  readonly run_ms: number;
  readonly size_bytes: number;
  /** Whether each case ran natively as well: a component without its source runs in a cell alone. */
  readonly engines: readonly CaseEngine['name'][];
  readonly results: readonly CaseResult[];
}

/** What `testHandler` takes besides the handler. */
export interface TestOptions {
  readonly components: ComponentStore;
  /** Only cases whose names match; all when absent. */
  readonly glob?: string;
}

/**
 * Builds a handler when that is needed and runs its cases and its examples, in a cell and natively.
 * @throws BuildError; component_refused
 */
export async function testHandler(target: Target, { components, glob = '*' }: TestOptions): Promise<TestReport> {
  const { build_ms } = await buildTarget(target);
  const { bytes, digest, capability, directory } = await loadTarget(target, components);
  const cases = [...exampleCases(capability, glob).filter(isExpected), ...casesOf(target, glob)];
  const engines = await openEngines(target, directory);
  const startedAt = performance.now();
  try {
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await runCase(each, engines, capability));
    return {
      handler: capability.name,
      version: capability.version,
      digest,
      build_ms,
      run_ms: performance.now() - startedAt,
      size_bytes: bytes.length,
      engines: engines.map(({ name }) => name),
      results,
    };
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** A cell for the component, and Node for its source when there is one. */
export async function openEngines(target: Target, directory: string): Promise<readonly CaseEngine[]> {
  const wasm = openCellEngine(directory);
  if (target.kind === 'component') return [wasm];
  const { bundleHandler } = await import('../toolchain/bundle.ts');
  const { code } = await bundleHandler(join(target.folder, 'handler.ts'));
  return [wasm, await openNativeEngine(code)];
}

/** The cases in a target's folder; a component has none. @throws BuildError */
export function casesOf(target: Target, glob = '*'): readonly HandlerCase[] {
  return target.kind === 'source' ? readCases(target.folder, glob) : [];
}

function isExpected({ expected }: HandlerCase): boolean {
  return expected !== undefined;
}
