import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { WeftError } from '../../../kernel/errors.ts';
import { packagePath } from '../../toolchain/package_path.ts';
import { capabilityDocument, caseDocuments, readmeFile } from './documents.ts';
import { partsOf } from './parts.ts';
import { sourceFile } from './source_file.ts';

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** Folders beside handlers that are none. */
const RESERVED = new Set(['guest']);

/** Why a name cannot be a handler's; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (RESERVED.has(name)) return `"${name}" is reserved`;
  if (NAME.test(name)) return undefined;
  const rule = 'a name has lower-case letters, digits and "_", a letter first, and at most 64 of them';
  const nearest = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 64);
  return `"${name}" cannot be the name of a handler: ${rule}${NAME.test(nearest) ? `; "${nearest}" would do` : ''}`;
}

/** What a scaffold is made of. */
export interface ScaffoldOptions {
  readonly name: string;
  /** Receives the folder; made when absent. */
  readonly directory: string;
  /** Names of `SCAFFOLD_PARTS`. */
  readonly imports: readonly string[];
}

/** The folder of a new handler and the files in it, by their paths inside. */
export interface Scaffold {
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * Writes a handler that greets: it builds, its cases pass, and it is there to be changed. All of it appears at once.
 * @throws handler_exists when there is anything of that name
 */
export async function newHandler({ name, directory, imports }: ScaffoldOptions): Promise<Scaffold> {
  const folder = resolve(directory, name);
  if (existsSync(folder)) throw new WeftError('handler_exists', { path: folder });
  const files = scaffoldFiles({ name, directory, imports });
  const staging = join(resolve(directory), `.${name}.${process.pid}`);
  try {
    for (const [file, text] of files) {
      await mkdir(dirname(join(staging, file)), { recursive: true });
      await writeFile(join(staging, file), text);
    }
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      throw new WeftError('handler_exists', { path: folder }, { cause: error });
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { folder, files: [...files.keys()] };
}

function scaffoldFiles({ name, directory, imports }: ScaffoldOptions): ReadonlyMap<string, string> {
  const parts = partsOf(imports);
  const isOwn = isBesideSdk(directory);
  const sdk = isOwn
    ? (module = 'index') => `../guest/${module}.ts`
    : (module?: string) => (module === undefined ? 'weft/guest' : `weft/guest/${module}`);
  const cases = Object.entries(caseDocuments(parts)).flatMap(([each, [input, expected]]) => [
    [`cases/${each}/input.json`, jsonText(input)] as const,
    [`cases/${each}/expected.json`, jsonText(expected)] as const,
  ]);
  return new Map([
    ['handler.ts', sourceFile(parts, sdk)],
    ['capability.json', jsonText(capabilityDocument(name, parts))],
    ['README.md', readmeFile(name, parts)],
    ...cases,
    ...(isOwn ? [['handler.test.ts', testFile(name)] as const] : []),
  ]);
}

/** Weft's own handlers import the SDK by its path. */
function isBesideSdk(directory: string): boolean {
  return existsSync(join(resolve(directory), 'guest', 'index.ts')) && resolve(directory) === packagePath('handlers');
}

function testFile(name: string): string {
  return `import { handlerCases } from '../../testing/handler_cases.ts';\n\nhandlerCases('${name}');\n`;
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
