import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Cell } from '../sandbox/cell.ts';
import { startWarmTranspiler } from '../sandbox/warm_transpiler.ts';
import { BuildError } from '../toolchain/build_error.ts';
import { exampleCases } from './case_file.ts';
import { openCellEngine, startCaseCell } from './cell_engine.ts';
import { buildTarget, loadTarget, openAuthorStore } from './load.ts';
import { type CaseResult, runCase } from './run_case.ts';
import type { Target } from './target.ts';
import { casesOf } from './test_handler.ts';
import { openTypeCheck } from './type_check.ts';

/** What one save came to. */
export interface DevRound {
  readonly handler: string;
  /** Of the component that ran; null when there is none. */
  readonly version: string | null;
  /** What the build refuses; then nothing was run. */
  readonly diagnostics: readonly Diagnostic[];
  /** What TypeScript says; the build goes on. Null when the project has no TypeScript. */
  readonly types: readonly Diagnostic[] | null;
  readonly results: readonly CaseResult[];
  readonly size_bytes: number;
  readonly build_ms: number;
  /** From the component's bytes to its being ready to run: checks, transpiling, its capability. */
  readonly load_ms: number;
  readonly run_ms: number;
  readonly total_ms: number;
}

/** Rebuilds one handler again and again; what a round can share with the next stays warm. */
export interface DevSession {
  round(): Promise<DevRound>;
  /** Ends every process it started and removes what it wrote besides the component. */
  close(): Promise<void>;
}

/** Opens a session for a handler's sources. */
export async function openDevSession(target: Extract<Target, { kind: 'source' }>): Promise<DevSession> {
  const scratch = await mkdtemp(join(tmpdir(), 'weft-dev-'));
  const types = openTypeCheck(target.folder, scratch);
  const { directory } = await openAuthorStore(scratch);
  const transpiler = startWarmTranspiler(directory);
  let spare: Cell = startCaseCell(directory);
  let underway: Promise<unknown> = Promise.resolve();

  return {
    round() {
      const work = round();
      underway = work.catch(() => undefined);
      return work;
    },
    async close() {
      spare.kill();
      await transpiler.close();
      await underway;
      // A round that was under way has left another.
      spare.kill();
      await spare.exited;
      await rm(scratch, { recursive: true, force: true });
    },
  };

  async function round(): Promise<DevRound> {
    const startedAt = performance.now();
    const checking = types?.run();
    const built = await buildAndRun().catch((error: unknown) => refused(error));
    const found = (await checking) ?? null;
    return { handler: basename(target.folder), ...built, types: found, total_ms: performance.now() - startedAt };
  }

  async function buildAndRun() {
    const { build_ms } = await buildTarget(target);
    const loadedAt = performance.now();
    const components = await openAuthorStore(scratch, transpiler.transpile);
    const loaded = await loadTarget(target, components);
    const ranAt = performance.now();
    const { capability, bytes } = loaded;
    const cases = [...exampleCases(capability).filter(({ expected }) => expected !== undefined), ...casesOf(target)];
    const engine = openCellEngine(loaded.directory, spare);
    const results: CaseResult[] = [];
    try {
      for (const each of cases) results.push(await runCase(each, [engine], capability));
    } finally {
      spare = startCaseCell(directory);
      await engine.close();
    }
    await forgetOthers(loaded.directory);
    return {
      version: capability.version,
      diagnostics: [],
      results,
      size_bytes: bytes.length,
      build_ms,
      load_ms: ranAt - loadedAt,
      run_ms: performance.now() - ranAt,
    };
  }

  async function forgetOthers(kept: string): Promise<void> {
    const homes = await readdir(directory);
    const others = homes.filter((name) => name !== basename(kept)).map((name) => join(directory, name));
    for (const home of others) await rm(home, { recursive: true, force: true });
  }
}

/** A round that ended before anything ran. @throws what is no problem of the sources */
function refused(error: unknown) {
  const nothing = { version: null, results: [], size_bytes: 0, build_ms: 0, load_ms: 0, run_ms: 0 };
  if (error instanceof BuildError) return { ...nothing, diagnostics: error.diagnostics };
  // What a start would refuse, as a component that says of itself what is no capability.
  if (error instanceof WeftError && error.code === 'component_refused') {
    const { message } = error;
    const diagnostic = { code: 'handler_component_invalid', severity: 'error', stage: 'configuration' } as const;
    return { ...nothing, diagnostics: [{ ...diagnostic, pointer: '', message }] };
  }
  throw error;
}
