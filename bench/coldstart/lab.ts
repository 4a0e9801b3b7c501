import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { componentize } from '@bytecodealliance/componentize-js-0-19-3';
import { transform } from 'esbuild';
import { pino } from 'pino';
import { type Cell, startCell } from '../../host/sandbox/cell.ts';
import { createCellExecutor } from '../../host/sandbox/cell_executor.ts';
import { openComponentStore } from '../../host/sandbox/component_store.ts';
import { COMPONENT_BYTES_MAX } from '../../host/sandbox/limits.ts';
import type { Executor } from '../../host/sandbox/port.ts';
import { buildHandlers } from '../../host/toolchain/build_handlers.ts';
import { bundleHandler } from '../../host/toolchain/bundle.ts';
import { packagePath } from '../../host/toolchain/package_path.ts';
import { assembleWorld, WORLD, witPackages } from '../../host/toolchain/wit.ts';
import type { Capability } from '../../kernel/capability/types.ts';
import type { Json } from '../../kernel/json.ts';
import manifest from '../../package.json' with { type: 'json' };

const MIB = 1024 * 1024;
/** As Weft has them unless the operator says otherwise. */
export const MEMORY_BYTES_MAX = 128 * MIB;
const HEAP_MB_MAX = 128;
/** What StarlingMonkey would otherwise import. */
const NO_WASI = ['stdio', 'random', 'clocks', 'http', 'fetch-event'] as const;
/** Handlers that differ in nothing but their name: each is a component of its own. */
const VARIANTS = 8;

/** The real parts of the sandbox, with everything built and transpiled. */
export interface Lab {
  /** Digests by the handlers' names: those of the catalog, `noop`, its variants and `noop_starling`. */
  readonly digests: ReadonlyMap<string, string>;
  /** Names of handlers like `noop`, which no cell has run. */
  readonly variants: readonly string[];
  /** A file with the bundled script of `noop`, an ES module. */
  readonly script: string;
  /** The same for `evaluateScript`: in its own context it changes no globals of this process. */
  readonly nativeScript: string;
  locate(name: string): string;
  startCell(): Cell;
  /** An executor that knows the handlers named, and no others. */
  openExecutor(cells: number, names: readonly string[]): Executor;
}

/** Builds what is not current; all of it is kept in `build/bench`. */
export async function openLab(): Promise<Lab> {
  const home = join(dirname(packagePath('package.json')), 'build', 'bench');
  const variants = writeVariants(join(home, 'variants'));
  const sources = [packagePath('handlers'), join(import.meta.dirname, '..', 'handlers'), join(home, 'variants')];
  const files = new Map<string, string>();
  for (const directory of sources) {
    const { handlers } = await buildHandlers({ directory, outDirectory: join(home, 'handlers') });
    for (const { name, path } of handlers) files.set(name, path);
  }
  const script = join(home, 'noop.mjs');
  const { code } = await bundleHandler(join(import.meta.dirname, '..', 'handlers', 'noop', 'handler.ts'));
  writeFileSync(script, code);
  files.set('noop_starling', await buildOnStarlingMonkey(code, home));

  const components = await openComponentStore({
    cacheDirectory: join(home, 'cache'),
    component_bytes_max: COMPONENT_BYTES_MAX,
    memory_bytes_max: MEMORY_BYTES_MAX,
    validateCapability: (value: Json) => value as object as Capability,
  });
  const digests = new Map<string, string>();
  for (const [name, path] of files) digests.set(name, (await components.load(readFileSync(path))).digest);
  const digestOf = (name: string) => digests.get(name)!;
  return {
    digests,
    variants,
    script,
    nativeScript: (await transform(code, { format: 'cjs' })).code,
    locate: (name) => components.locate(digestOf(name))!,
    startCell: () =>
      startCell({
        readable: [components.directory],
        memory_bytes_max: MEMORY_BYTES_MAX,
        heap_mb_max: HEAP_MB_MAX,
      }),
    openExecutor: (cells, names) =>
      createCellExecutor({
        cells,
        components: { ...components, digests: () => names.map(digestOf) },
        memory_bytes_max: MEMORY_BYTES_MAX,
        heap_mb_max: HEAP_MB_MAX,
        logger: pino({ level: 'silent' }),
      }),
  };
}

function writeVariants(directory: string): string[] {
  const source = join(import.meta.dirname, '..', 'handlers', 'noop');
  const capability = JSON.parse(readFileSync(join(source, 'capability.json'), 'utf8')) as { name: string };
  const guest = packagePath('handlers/guest/index.ts');
  const code = readFileSync(join(source, 'handler.ts'), 'utf8').replace('../../../handlers/guest/index.ts', guest);
  return Array.from({ length: VARIANTS }, (_, index) => {
    const name = `noop_${index}`;
    mkdirSync(join(directory, name), { recursive: true });
    writeFileSync(join(directory, name, 'handler.ts'), code);
    writeFileSync(join(directory, name, 'capability.json'), JSON.stringify({ ...capability, name }));
    return name;
  });
}

/** The component of a script on StarlingMonkey, which takes a while; kept by content. */
async function buildOnStarlingMonkey(code: string, home: string): Promise<string> {
  const engine = manifest.devDependencies['@bytecodealliance/componentize-js-0-19-3'];
  const digest = createHash('sha256').update(code).update(engine).digest('hex').slice(0, 16);
  const path = join(home, `starling-${digest}.wasm`);
  if (existsSync(path)) return path;
  const directory = mkdtempSync(join(tmpdir(), 'weft-starling-'));
  try {
    const [sourcePath, witPath] = [join(directory, 'noop.js'), join(directory, 'wit')];
    writeFileSync(sourcePath, code);
    assembleWorld(witPath, witPackages(), []);
    const { component } = await componentize({ sourcePath, witPath, worldName: WORLD, disableFeatures: [...NO_WASI] });
    writeFileSync(`${path}.${process.pid}`, component);
    renameSync(`${path}.${process.pid}`, path);
    return path;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
