import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { WeftError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';

/** What an author's command works on. */
export type Target =
  /** A folder with `handler.ts` and `capability.json`; `component` is where its component is built. */
  | { readonly kind: 'source'; readonly name: string; readonly folder: string; readonly component: string }
  | { readonly kind: 'component'; readonly name: string; readonly component: string };

/** Where a bare name is looked for. */
export interface TargetPlaces {
  /** Holds folders of sources. */
  readonly directory: string;
  /** Hold components; later ones after earlier ones. None when absent. */
  readonly components?: readonly string[];
}

const SOURCE_FILE = 'handler.ts';

/**
 * What `target` means: a component's file, a handler's folder or its `handler.ts`, else a name: of a folder of
 * `directory`, then of a component.
 * @throws handler_target_unknown with the nearest name
 */
export function findTarget(target: string, { directory, components = [] }: TargetPlaces): Target {
  const path = resolve(target);
  if (isFile(path)) {
    if (basename(path) === SOURCE_FILE) return sourceTarget(dirname(path));
    if (path.endsWith('.wasm')) return componentTarget(path);
    throw unknown(target, 'it is a file, and neither handler.ts nor a component', directory);
  }
  if (isFile(join(path, SOURCE_FILE))) return sourceTarget(path);
  if (existsSync(path)) throw unknown(target, `it is a folder without a ${SOURCE_FILE}`, directory);
  if (/[\\/.]/.test(target)) throw unknown(target, `${path} does not exist`, directory);
  const folder = resolve(directory, target);
  if (isFile(join(folder, SOURCE_FILE))) return sourceTarget(folder);
  const component = components.map((place) => resolve(place, `${target}.wasm`)).find(isFile);
  if (component !== undefined) return componentTarget(component);
  const nearest = didYouMean(target, [...sourceNames(directory), ...components.flatMap(componentNames)]);
  throw unknown(target, nearest ?? `no folder of ${directory} and no component is called so`, directory);
}

/** Every handler of a directory of sources, sorted by name. @throws handlers_missing */
export function sourceTargets(directory: string): readonly Target[] {
  const names = sourceNames(directory);
  if (names.length === 0) throw new WeftError('handlers_missing', { directory });
  return names.map((name) => sourceTarget(resolve(directory, name)));
}

/** Where a folder's component is built: beside the folder of sources, as `weft handlers build` has it. */
export function builtComponent(folder: string): string {
  return join(dirname(dirname(folder)), 'build', 'handlers', `${basename(folder)}.wasm`);
}

function sourceTarget(folder: string): Target {
  return { kind: 'source', name: basename(folder), folder, component: builtComponent(folder) };
}

function componentTarget(component: string): Target {
  return { kind: 'component', name: basename(component, '.wasm'), component };
}

function sourceNames(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => isFile(join(directory, name, SOURCE_FILE)))
    .sort();
}

function componentNames(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => (name.endsWith('.wasm') ? [basename(name, '.wasm')] : []));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function unknown(target: string, looked: string, directory: string): WeftError {
  return new WeftError('handler_target_unknown', { target, looked, directory });
}
