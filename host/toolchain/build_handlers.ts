import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Capability } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { BundleError, bundleHandler } from './bundle.ts';
import { readCapability } from './capability_file.ts';
import { componentize, ENGINE } from './componentize.ts';
import { hostInterfaces, witPackages, worldDigest } from './wit.ts';

/** Changes when the same sources shall give another component. */
const FORMAT = 1;

export interface BuildOptions {
  /** Holds a folder per handler, each with `handler.ts` and `capability.json`. */
  readonly directory: string;
  /** Receives `<name>.wasm` and `<name>.json` per handler; made when absent. */
  readonly outDirectory: string;
  /** Only these; all when absent. */
  readonly names?: readonly string[];
  /** Build what is current as well. */
  readonly force?: boolean;
  /** How many handlers are built at once; 2 when absent. */
  readonly jobs?: number;
  /** Called as each handler is done, in the order of completion. */
  readonly onProgress?: (built: BuiltHandler) => void;
}

/** The sidecar `<name>.json` beside each component. */
export interface HandlerManifest {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of the component's bytes. */
  readonly digest: string;
  /** `sha256:<hex>` of what it was built from: bundled script, world, engine. */
  readonly source_hash: string;
  readonly size_bytes: number;
  readonly engine: string;
  readonly capability: Capability;
}

/** How the build of one handler ended. */
export interface BuiltHandler {
  readonly name: string;
  readonly status: 'built' | 'current' | 'failed';
  readonly duration_ms: number;
  /** Absolute path of the component, which exists unless the build failed. */
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
 * WIT and engine are unchanged is left alone. A handler that does not build is reported, the others are built; its
 * previous component stays.
 * @throws Error when the directory or a named handler does not exist
 */
export async function buildHandlers(options: BuildOptions): Promise<BuildReport> {
  const names = handlerNames(options);
  mkdirSync(options.outDirectory, { recursive: true });
  const handlers: BuiltHandler[] = [];
  const pending = names.values();
  const worker = async (): Promise<void> => {
    for (const name of pending) {
      const built = await buildHandler(name, options);
      handlers.push(built);
      options.onProgress?.(built);
    }
  };
  await Promise.all(Array.from({ length: options.jobs ?? 2 }, worker));
  handlers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ok: handlers.every((each) => each.status !== 'failed'), handlers };
}

/** The handlers of a directory: the folders with a `handler.ts`, sorted. */
export function handlerNames({ directory, names }: Pick<BuildOptions, 'directory' | 'names'>): string[] {
  const found = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, 'handler.ts')))
    .map((entry) => entry.name)
    .sort();
  const missing = names?.filter((name) => !found.includes(name)) ?? [];
  if (missing.length > 0) {
    throw new Error(`no handler.ts for ${missing.join(', ')} in ${directory}; it has ${found.join(', ') || 'none'}`);
  }
  return names === undefined ? found : found.filter((name) => names.includes(name));
}

async function buildHandler(name: string, options: BuildOptions): Promise<BuiltHandler> {
  const startedAt = performance.now();
  const path = resolve(options.outDirectory, `${name}.wasm`);
  const end = (rest: Pick<BuiltHandler, 'status' | 'diagnostics'> & { manifest?: HandlerManifest }): BuiltHandler => ({
    name,
    path,
    duration_ms: performance.now() - startedAt,
    ...rest,
  });
  try {
    const { manifest, status } = await buildComponent(name, path, options);
    return end({ status, manifest, diagnostics: [] });
  } catch (error) {
    if (error instanceof BundleError) return end({ status: 'failed', diagnostics: error.diagnostics });
    throw error;
  }
}

async function buildComponent(
  name: string,
  path: string,
  { directory, force }: BuildOptions,
): Promise<{ manifest: HandlerManifest; status: 'built' | 'current' }> {
  const packages = witPackages();
  const source = join(directory, name);
  const capability = readCapability(join(source, 'capability.json'), name, hostInterfaces(packages));
  const entry = join(source, 'handler.ts');
  const bundle = await bundleHandler(entry);
  const undeclared = bundle.imports.filter((each) => !capability.imports.includes(each));
  if (undeclared.length > 0) throw new BundleError(undeclared.map((each) => undeclaredImport(entry, each)));
  const source_hash = digest(
    JSON.stringify([FORMAT, ENGINE, worldDigest(packages, capability.imports), capability, bundle.code]),
  );
  const manifestPath = path.replace(/\.wasm$/, '.json');
  const current = existsSync(manifestPath) ? (JSON.parse(readFileSync(manifestPath, 'utf8')) as HandlerManifest) : null;
  if (!force && current?.source_hash === source_hash && existsSync(path))
    return { manifest: current, status: 'current' };
  const component = await componentize(bundle.code, packages, capability.imports).catch((error: Error) => {
    throw new BundleError([failedComponent(entry, error)]);
  });
  const manifest: HandlerManifest = {
    name: capability.name,
    version: capability.version,
    digest: digest(component),
    source_hash,
    size_bytes: component.length,
    engine: ENGINE,
    capability,
  };
  // The component first: a manifest without its component would count as current.
  replaceFile(path, component);
  replaceFile(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  return { manifest, status: 'built' };
}

function digest(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Never leaves half a file for another process to read. */
function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function undeclaredImport(file: string, name: string): Diagnostic {
  return {
    code: 'handler_import_undeclared',
    severity: 'error',
    stage: 'configuration',
    pointer: '/imports',
    file,
    message: `the handler imports "${name}", which its capability.json does not declare`,
    suggestion: `add "${name}" to "imports" in capability.json, or stop importing it`,
  };
}

function failedComponent(file: string, error: Error): Diagnostic {
  return {
    code: 'handler_component_invalid',
    severity: 'error',
    stage: 'configuration',
    pointer: '',
    file,
    message: `no component can be made of it: ${error.message.trim()}`,
    suggestion:
      'the top level of a handler runs while it is built: it must not throw, call the host or ask for the time',
  };
}
