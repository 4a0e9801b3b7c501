import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import { buildComponent } from './build_component.ts';
import { BuildError } from './build_error.ts';
import type { HandlerManifest } from './manifest.ts';

export interface BuildOptions {
  /** Holds a folder per handler, each with `handler.ts` and `capability.json`. */
  readonly directory: string;
  /** Receives `<name>.wasm` and its manifest `<name>.json` per handler; made when absent. */
  readonly outDirectory: string;
  /** Only these; all when absent. */
  readonly names?: readonly string[];
  /** Build what is current as well. */
  readonly force?: boolean;
  /** How many handlers are built at once; 2 when absent. One build already uses several cores. */
  readonly jobs?: number;
  /** Called as each handler is done, in the order of completion. */
  readonly onProgress?: (built: BuiltHandler) => void;
}

/** How the build of one handler ended. */
export interface BuiltHandler {
  readonly name: string;
  readonly status: 'built' | 'current' | 'failed';
  readonly duration_ms: number;
  /** Absolute path of the component; after a failed build, of the previous one, if any. */
  readonly path: string;
  /** Present unless the build failed. */
  readonly manifest?: HandlerManifest;
  /** Why it failed, with file, line and column where there is one. */
  readonly diagnostics: readonly Diagnostic[];
}

/** How a build ended: `ok` when no handler failed; handlers are sorted by name. */
export interface BuildReport {
  readonly ok: boolean;
  readonly handlers: readonly BuiltHandler[];
}

/**
 * Compiles every `<directory>/<name>/handler.ts` to `<outDirectory>/<name>.wasm`. A component whose bundled script,
 * capability, WIT and engine are unchanged is left alone. A handler that does not build is reported, the others are
 * built; its previous component stays.
 * @throws handlers_missing when the directory holds none; Error when a named handler does not exist
 */
export async function buildHandlers(options: BuildOptions): Promise<BuildReport> {
  const names = handlerNames(options.directory, options.names);
  mkdirSync(options.outDirectory, { recursive: true });
  const handlers: BuiltHandler[] = [];
  const pending = names.values();
  const work = async (): Promise<void> => {
    for (const name of pending) {
      const built = await buildHandler(name, options);
      handlers.push(built);
      options.onProgress?.(built);
    }
  };
  await Promise.all(Array.from({ length: options.jobs ?? 2 }, work));
  handlers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ok: handlers.every(({ status }) => status !== 'failed'), handlers };
}

function handlerNames(directory: string, wanted: readonly string[] | undefined): string[] {
  const entries = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : [];
  const found = entries
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'handler.ts')))
    .map((entry) => entry.name)
    .sort();
  if (found.length === 0) throw new WeftError('handlers_missing', { directory });
  const missing = wanted?.filter((name) => !found.includes(name)) ?? [];
  if (missing.length > 0) {
    throw new Error(`no handler.ts for ${missing.join(', ')} in ${directory}; it has ${found.join(', ') || 'none'}`);
  }
  return wanted === undefined ? found : found.filter((name) => wanted.includes(name));
}

async function buildHandler(name: string, { directory, outDirectory, force }: BuildOptions): Promise<BuiltHandler> {
  const startedAt = performance.now();
  const path = resolve(outDirectory, `${name}.wasm`);
  const common = () => ({ name, path, duration_ms: performance.now() - startedAt });
  try {
    const { status, manifest } = await buildComponent(name, resolve(directory, name), path, force ?? false);
    return { ...common(), status, manifest, diagnostics: [] };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return { ...common(), status: 'failed', diagnostics: error.diagnostics };
  }
}
