import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packagePath } from '../toolchain/package_path.ts';
import { type Finding, ok, warn } from './finding.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
}

/** Which Node runs Weft and where it comes from. The launcher has refused one that is too old. */
export function checkNode(execPath: string, version: string): Finding {
  const packaged = execPath.includes(`${sep}node_modules${sep}`);
  return ok('node', `${version}, ${packaged ? 'from the package "node"' : 'the one in PATH'} (${execPath})`);
}

const JCO = '@bytecodealliance/jco';
const SHIM = '@bytecodealliance/preview2-shim';

/**
 * Whether the parts of the toolchain have the versions that Weft pins. npm applies `overrides` of the root project
 * only, so below another project the shim may be one that breaks jco.
 */
export function checkPins(from: string = packagePath('package.json')): readonly Finding[] {
  const { dependencies, overrides } = readManifest(from);
  const jco = installed(JCO, from);
  const shim = installed(SHIM, jco?.file ?? from);
  return [
    pin('jco', JCO, dependencies[JCO]!, jco?.version),
    pin('preview2_shim', SHIM, overrides[SHIM]!, shim?.version),
  ];
}

function pin(check: string, name: string, wanted: string, found: string | undefined): Finding {
  if (found === wanted) return ok(check, `${name} ${found}`);
  const advice = `add "overrides": { "${name}": "${wanted}" } to the package.json of your project and run \`npm install\``;
  return warn(check, `${name} is ${found ?? 'missing'}; Weft is made for ${wanted}`, advice);
}

function installed(name: string, from: string): { readonly file: string; readonly version: string } | undefined {
  try {
    const file = findPackageJSON(name, pathToFileURL(from));
    return file === undefined ? undefined : { file, version: readManifest(file).version };
  } catch {
    return undefined;
  }
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

/** Where Weft itself is. */
export function checkWeft(version: string): Finding {
  return ok('weft', `${version} in ${dirname(packagePath('package.json'))}`);
}
