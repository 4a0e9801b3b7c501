import { extname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STRUCTURE_BOUNDS } from './structure/bounds.ts';

const WASM_PAGE_BYTES = 65536;

/** Tables are no linear memory; without this they could grow to 10 million entries each. */
const TABLE_ENTRIES_MAX = STRUCTURE_BOUNDS.table_entries;

/** Where the code of child processes lives; all of it, and nothing else, is readable to them. */
const CODE_DIRECTORY = fileURLToPath(new URL('./cell/', import.meta.url));

/** What a child process may touch and how large it may get. */
export interface Confinement {
  /** Directories it may read, beside its own code. */
  readonly readable: readonly string[];
  /** Directories it may write. */
  readonly writable?: readonly string[];
  /** Of each linear memory. */
  readonly memory_bytes_max: number;
  /** Of the JavaScript heap. */
  readonly heap_mb_max: number;
}

/** The path of a program of `cell/`: TypeScript or JavaScript, as this file is. */
export function cellProgram(name: 'main' | 'transpile'): string {
  return `${CODE_DIRECTORY}${name}${extname(import.meta.url)}`;
}

/**
 * Arguments that start a program by Node with no rights but those given: no network, no child processes, no
 * addons, no code from strings. Threads are allowed only until the process renounces them (`lifeline.ts`).
 */
export function confinedArguments(program: string, confinement: Confinement): string[] {
  const { readable, writable = [], memory_bytes_max, heap_mb_max } = confinement;
  return [
    '--permission',
    '--allow-worker',
    ...[CODE_DIRECTORY, ...readable].map((path) => `--allow-fs-read=${asDirectory(path)}`),
    ...writable.map((path) => `--allow-fs-write=${asDirectory(path)}`),
    `--wasm-max-mem-pages=${Math.floor(memory_bytes_max / WASM_PAGE_BYTES)}`,
    `--wasm-max-table-size=${TABLE_ENTRIES_MAX}`,
    `--max-old-space-size=${heap_mb_max}`,
    '--disable-proto=throw',
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    '--title=weft-cell',
    program,
  ];
}

/** Without the separator, the right would extend to every path that begins alike. */
function asDirectory(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}
