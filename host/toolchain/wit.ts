import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from './package_path.ts';

/** The interface that every component exports. */
export const HANDLER_INTERFACE = 'weft:handler/handler@1.0.0';

/** The name of the world that `assembleWorld` writes. */
export const WORLD = 'guest';

interface WitPackage {
  /** `weft:http@1.0.0`. */
  readonly name: string;
  readonly directory: string;
  /** Sources, for hashing. */
  readonly text: string;
  /** `weft:http/client@1.0.0`. */
  readonly interfaces: readonly string[];
}

/** Every WIT package that Weft ships, sorted by name. */
export function witPackages(root = packagePath('wit')): WitPackage[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'generated')
    .map((entry) => readPackage(join(root, entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readPackage(directory: string): WitPackage {
  const files = readdirSync(directory).filter((name) => name.endsWith('.wit'));
  const text = files.map((name) => readFileSync(join(directory, name), 'utf8')).join('\n');
  const header = /^package ([\w-]+:[\w-]+)@([\w.-]+);/m.exec(text);
  if (header === null) throw new Error(`${directory} holds no WIT file with a "package name@version;" line`);
  const [, name, version] = header as unknown as [string, string, string];
  const interfaces = [...text.matchAll(/^interface ([\w-]+)/gm)].map((match) => `${name}/${match[1]}@${version}`);
  return { name: `${name}@${version}`, directory, text, interfaces };
}

/** The interfaces a handler may import: all that are shipped but the one it exports. */
export function hostInterfaces(packages: readonly WitPackage[]): string[] {
  return packages.flatMap((each) => each.interfaces).filter((name) => name !== HANDLER_INTERFACE);
}

/** Writes a WIT directory whose world `guest` exports the handler interface and imports exactly `imports`. */
export function assembleWorld(directory: string, packages: readonly WitPackage[], imports: readonly string[]): void {
  for (const each of needed(packages, imports)) {
    cpSync(each.directory, join(directory, 'deps', each.name.replace(/[:@]/g, '-')), { recursive: true });
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'world.wit'), worldText(imports));
}

/** A digest of the contract a component is built against. */
export function worldDigest(packages: readonly WitPackage[], imports: readonly string[]): string {
  const hash = createHash('sha256').update(worldText(imports));
  for (const each of needed(packages, imports)) hash.update('\0').update(each.text);
  return hash.digest('hex');
}

function needed(packages: readonly WitPackage[], imports: readonly string[]): readonly WitPackage[] {
  const names = [HANDLER_INTERFACE, ...imports];
  return packages.filter((each) => each.interfaces.some((name) => names.includes(name)));
}

function worldText(imports: readonly string[]): string {
  const lines = [...imports].sort().map((name) => `  import ${name};\n`);
  return `package weft:local;\n\nworld ${WORLD} {\n${lines.join('')}  export ${HANDLER_INTERFACE};\n}\n`;
}
