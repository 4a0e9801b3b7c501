import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { BuildError } from './build_error.ts';
import { type Bundle, bundleHandler } from './bundle.ts';
import { readCapability } from './capability_file.ts';
import { componentize, ENGINE } from './componentize.ts';
import { type HandlerManifest, readManifest, writeComponent } from './manifest.ts';
import { hostInterfaces, witPackages, worldDigest } from './wit.ts';

/** Changes when the same sources shall give another component. */
const FORMAT = 1;

/** What building one handler came to. */
export interface Built {
  readonly status: 'built' | 'current';
  readonly manifest: HandlerManifest;
}

/**
 * Builds the handler in `source`, a folder with its name, to the component `path`, unless that is current.
 * @throws BuildError
 */
export async function buildComponent(name: string, source: string, path: string, force: boolean): Promise<Built> {
  const { packages, entry, capability, bundle, source_hash } = await readSource(name, source);
  const current = readManifest(path);
  if (!force && current?.source_hash === source_hash) return { status: 'current', manifest: current };

  const component = await componentize(bundle.code, packages, capability.imports).catch((error: Error) => {
    throw new BuildError([failedComponent(entry, bundle, error)], error);
  });
  const manifest: HandlerManifest = {
    name: capability.name,
    version: capability.version,
    digest: digestOf(component),
    source_hash,
    size_bytes: component.length,
    engine: ENGINE,
    capability,
  };
  writeComponent(path, component, manifest);
  return { status: 'built', manifest };
}

/**
 * Whether the component `path` is what the handler in `source` would be built to.
 * @throws BuildError when it could not be built
 */
export async function isCurrent(name: string, source: string, path: string): Promise<boolean> {
  const { source_hash } = await readSource(name, source);
  return readManifest(path)?.source_hash === source_hash;
}

/** All that a component is made of, and the hash of it. @throws BuildError */
async function readSource(name: string, source: string) {
  const packages = witPackages();
  const entry = join(source, 'handler.ts');
  const capability = readCapability(join(source, 'capability.json'), name, hostInterfaces(packages));
  const bundle = await bundleHandler(entry);
  const undeclared = bundle.imports.filter((each) => !capability.imports.includes(each));
  if (undeclared.length > 0) throw new BuildError(undeclared.map((each) => undeclaredImport(entry, each)));
  const world = worldDigest(packages, capability.imports);
  const source_hash = digestOf(JSON.stringify([FORMAT, ENGINE, world, capability, bundle.code]));
  return { packages, entry, capability, bundle, source_hash };
}

function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function undeclaredImport(file: string, name: string): Diagnostic {
  const message = `the handler imports "${name}", which its capability.json does not declare`;
  const suggestion = `add "${name}" to "imports" in capability.json, or stop importing it`;
  return { ...diagnose('handler_import_undeclared', { pointer: '/imports', message, suggestion }), file };
}

function failedComponent(entry: string, bundle: Bundle, error: Error): Diagnostic {
  const [, line, column] = /user\.js:(\d+):(\d+)/.exec(error.message) ?? [];
  const position = line === undefined ? undefined : bundle.locate(Number(line), Number(column));
  // The engine's message begins with its layers and ends in its stack, in terms of the bundle.
  const reason = error.message.replace(/^[\s\S]*JavaScript module[^:]*: /, '').replace(/\n\s+at [\s\S]*/, '');
  const message = `no component can be made of it: ${reason.trim()}`;
  const suggestion = 'the top level of a handler runs while it is built: it must not throw, nor call the host';
  const problem = { pointer: '', message, suggestion };
  return { ...diagnose('handler_component_invalid', problem), file: entry, ...position };
}
