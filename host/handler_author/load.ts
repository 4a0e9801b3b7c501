import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Capability } from '../../kernel/capability/types.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { acceptCapability } from '../catalog/accept_capability.ts';
import type { ComponentBounds } from '../sandbox/component_check.ts';
import { type ComponentStore, openComponentStore } from '../sandbox/component_store.ts';
import { COMPONENT_BYTES_MAX } from '../sandbox/limits.ts';
import type { Transpile } from '../sandbox/transpiler.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { BuildError } from '../toolchain/build_error.ts';
import type { Target } from './target.ts';

const compiler = hostSchemaCompiler();

/** A component that has passed every check and can be run. */
export interface LoadedTarget {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly capability: Capability;
  /** Where its transpiled form is. */
  readonly directory: string;
}

/** What a source's component came to. */
export interface BuiltTarget {
  readonly status: 'built' | 'current';
  readonly build_ms: number;
}

/** Builds the component of a folder unless it is current; a component is left as it is. @throws BuildError */
export async function buildTarget(target: Target): Promise<BuiltTarget> {
  if (target.kind === 'component') return { status: 'current', build_ms: 0 };
  // The toolchain is heavy; who looks at a component does not load it.
  const { buildHandlers } = await import('../toolchain/build_handlers.ts');
  const [built] = (
    await buildHandlers({
      directory: dirname(target.folder),
      outDirectory: dirname(target.component),
      names: [basename(target.folder)],
    })
  ).handlers;
  if (built === undefined || built.status === 'failed') throw new BuildError(built?.diagnostics ?? []);
  return { status: built.status, build_ms: built.duration_ms };
}

/** Checks and transpiles the component of a target. @throws component_refused and what else a start would */
export async function loadTarget(target: Target, components: ComponentStore): Promise<LoadedTarget> {
  const bytes = await readFile(target.component);
  const { digest, capability } = await components.load(bytes);
  return { bytes, digest, capability, directory: components.locate(digest)! };
}

/** What a component may be on the author's machine: as an operator has it who says nothing else. */
export const AUTHOR_BOUNDS: ComponentBounds = {
  component_bytes_max: COMPONENT_BYTES_MAX,
  memory_bytes_max: STEP_LIMIT_PRESETS.memory_bytes_max,
};

/** A component store for `cacheDirectory`. @throws component_cache_unavailable */
export function openAuthorStore(cacheDirectory: string, transpile?: Transpile): Promise<ComponentStore> {
  return openComponentStore({
    cacheDirectory,
    ...AUTHOR_BOUNDS,
    validateCapability: (value) => acceptCapability(value, compiler),
    ...(transpile === undefined ? {} : { transpile }),
  });
}

/** A folder for one command's components, gone when `use` has ended. */
export async function withCache<T>(use: (cacheDirectory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-author-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
