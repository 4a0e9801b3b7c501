import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StepRecord } from './messages.ts';

/** What jco generates with `--instantiation async`: a function that keeps nothing from one call to the next. */
export interface Bindings {
  instantiate(
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: Imports,
    instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
  ): Promise<Exports> | Exports;
}

/** The host functions that a component imports, by interface and name. */
export type Imports = Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** What a component exports. */
export interface Exports {
  readonly handler: {
    describe(): Promise<unknown>;
    run(step: StepRecord): Promise<unknown>;
  };
}

const imported = new Map<string, Promise<Bindings>>();

/**
 * The bindings of the transpiled component in `directory`. Components of one world and one engine have the same text:
 * 200 KB that are parsed, compiled and optimized once for all of them.
 */
export function bindingsIn(directory: string): Promise<Bindings> {
  const path = join(directory, 'component.mjs');
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
  let bindings = imported.get(digest);
  if (bindings === undefined) {
    bindings = import(pathToFileURL(path).href) as Promise<Bindings>;
    imported.set(digest, bindings);
  }
  return bindings;
}
