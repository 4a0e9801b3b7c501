import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { types } from '@bytecodealliance/jco';
import { assembleWorld, hostInterfaces, WORLD, witPackages } from './wit.ts';

/**
 * The TypeScript declarations, made by jco, of every interface a guest may import or exports, by file name: ambient
 * `weft:…` modules, kept in `wit/generated/`.
 */
export async function guestTypes(): Promise<ReadonlyMap<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-wit-'));
  try {
    const packages = witPackages();
    assembleWorld(directory, packages, hostInterfaces(packages));
    const files = await types(directory, { worldName: WORLD, guest: true });
    const declarations = Object.entries(files).filter(([path]) => path.includes('interfaces/'));
    return new Map(
      declarations.map(([path, bytes]) => [basename(path), new TextDecoder().decode(bytes).replace(/ +$/gm, '')]),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
