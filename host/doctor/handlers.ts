import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { builtInHandlers } from '../catalog/built_in.ts';
import { BuildError } from '../toolchain/build_error.ts';
import { packagePath } from '../toolchain/package_path.ts';
import { type Finding, fail, messageOf, ok, warn } from './finding.ts';

const BUILD = 'run `weft handlers build`';

/** Whether Weft's own handlers are built, and built from what their sources are now. */
export async function checkBuilt(
  sources: string = packagePath('handlers'),
  components: string = builtInHandlers(),
): Promise<Finding> {
  const names = readdirSync(sources).filter((name) => existsSync(join(sources, name, 'handler.ts')));
  const built = existsSync(components) ? readdirSync(components).filter((name) => name.endsWith('.wasm')) : [];
  if (built.length === 0)
    return warn('handlers_built', `${components} holds no component`, `${BUILD}; the first start does it, too`);
  // A package has components only.
  if (names.length === 0) return ok('handlers_built', `${built.length} came with Weft`);
  const stale: string[] = [];
  const { isCurrent } = await import('../toolchain/build_component.ts');
  for (const name of names) {
    try {
      if (!(await isCurrent(name, join(sources, name), join(components, `${name}.wasm`)))) stale.push(name);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      return fail(
        'handlers_built',
        `${name} cannot be built: ${error.diagnostics[0]?.message}`,
        `${BUILD} and mend what it reports`,
      );
    }
  }
  if (stale.length === 0) return ok('handlers_built', `${names.length} built from their present sources`);
  return warn('handlers_built', `${stale.join(', ')}: the source has changed since the build`, BUILD);
}

/** Whether every handler and plugin of the config can be loaded. */
export async function checkLoadable(load: () => Promise<number>): Promise<Finding> {
  try {
    return ok('handlers', `${await load()} loaded`);
  } catch (error) {
    return fail('handlers', messageOf(error), 'mend or remove what is named; nothing starts before that');
  }
}
