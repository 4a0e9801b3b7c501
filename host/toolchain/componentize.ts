import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentize as componentizeOnQuickJs } from 'componentize-qjs';
import componentizeQjs from 'componentize-qjs/package.json' with { type: 'json' };
import { assembleWorld, WORLD, type witPackages } from './wit.ts';

/** What turns a script into a component, for hashing: another engine gives another component. */
export const ENGINE = `componentize-qjs ${componentizeQjs.version}`;

/**
 * Makes a component of a bundled script: QuickJS, with the script's top level already run and snapshotted, WASI
 * replaced by traps, no component-model async.
 * @throws Error when the top level of the script throws or an export is missing
 */
export async function componentize(
  code: string,
  packages: ReturnType<typeof witPackages>,
  imports: readonly string[],
): Promise<Uint8Array> {
  const witPath = mkdtempSync(join(tmpdir(), 'weft-wit-'));
  try {
    assembleWorld(witPath, packages, imports);
    const { component } = await componentizeOnQuickJs({
      witPath,
      world: WORLD,
      jsSource: code,
      sync: true,
      stubWasi: true,
    });
    return component;
  } finally {
    rmSync(witPath, { recursive: true, force: true });
  }
}
