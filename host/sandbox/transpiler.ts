import { execFile } from 'node:child_process';
import { lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { cellProgram, confinedArguments } from './cell_flags.ts';
import { ComponentRefusal } from './structure/refusal.ts';

/**
 * The pin of jco, and a count of the changes to how it is used and to the rules that a component is read by: what was
 * generated otherwise, or read by other rules, is not used again.
 */
export const TRANSPILER_VERSION = 'jco-1.35.0-3';

export const TIMEOUT_MS = 60_000;
const MEMORY_BYTES_MAX = 512 * 1024 * 1024;
const HEAP_MB_MAX = 512;
const GENERATED_FILE = /^component(\.core\d*)?\.(mjs|wasm)$/;

/** Leaves the transpiled form of a component in a directory; see `transpile`. */
export type Transpile = typeof transpile;

/**
 * Transpiles a component by jco in a process that may read jco and write `directory`, and nothing else. Leaves
 * `component.mjs` and its core modules there.
 *
 * @param versions see `CheckedComponent`.
 * @throws ComponentRefusal when jco refuses the component, needs too long or dies of it
 */
export async function transpile(
  bytes: Uint8Array,
  versions: Readonly<Record<string, string>>,
  directory: string,
): Promise<void> {
  return transpileBy(() => runTranspiler(directory, versions), bytes, directory);
}

/** Does what `transpile` does, `run` being what turns `component.wasm` of the directory into code. */
export async function transpileBy(run: () => Promise<void>, bytes: Uint8Array, directory: string): Promise<void> {
  const source = join(directory, 'component.wasm');
  await writeFile(source, bytes);
  await run();
  await rm(source);
  for (const name of await readdir(directory)) {
    if (!GENERATED_FILE.test(name) || !(await lstat(join(directory, name))).isFile()) {
      throw new ComponentRefusal('translation', `transpiling it left the unexpected file "${name}"`);
    }
  }
}

function runTranspiler(directory: string, versions: Readonly<Record<string, string>>): Promise<void> {
  const args = [...transpilerArguments(directory), directory, JSON.stringify(versions)];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { env: {}, cwd: '/', timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, _stdout, stderr) => {
        if (error === null) return resolve();
        const why = error.killed ? `it took more than ${TIMEOUT_MS / 1000} s` : stderr.trim().slice(0, 2000);
        reject(new ComponentRefusal('translation', `jco can't transpile it: ${why || error.message}`));
      },
    );
  });
}

/** Arguments that start the transpiler by Node, with the right to read jco and to write `directory`. */
export function transpilerArguments(directory: string): string[] {
  return confinedArguments(cellProgram('transpile'), {
    readable: [directory, ...jcoDirectories()],
    writable: [directory],
    memory_bytes_max: MEMORY_BYTES_MAX,
    heap_mb_max: HEAP_MB_MAX,
  });
}

/** Of jco, of its generator, and of the WASI shim that the generator, itself a component, runs on. */
function jcoDirectories(): string[] {
  let from = import.meta.url;
  return ['jco', 'jco-transpile', 'preview2-shim'].map((name) => {
    const manifest = findPackageJSON(`@bytecodealliance/${name}`, from);
    if (manifest === undefined) throw new Error(`the package @bytecodealliance/${name} is not installed`);
    from = manifest;
    return dirname(manifest);
  });
}
