import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { packagePath } from '../toolchain/package_path.ts';

/** Checks the types of one handler; what did not change is not read again. */
export interface TypeCheck {
  /** Every error, at its place. */
  run(): Promise<readonly Diagnostic[]>;
}

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Prepares the type check of the handler in `folder` by the TypeScript of its project, under its nearest tsconfig.json
 * (strictly, when there is none), with `weft/guest` as it is bundled and nothing of Node or of the browser.
 *
 * @param scratch a directory for its settings and for what it remembers.
 * @returns undefined when the project has no TypeScript.
 */
export function openTypeCheck(folder: string, scratch: string): TypeCheck | undefined {
  const compiler = compilerOf(folder);
  if (compiler === undefined) return undefined;
  const project = join(scratch, 'tsconfig.json');
  writeFileSync(project, JSON.stringify(settings(folder, scratch)));
  return {
    run: () =>
      new Promise((end) => {
        const args = [compiler, '--project', project, '--pretty', 'false'];
        const options = { cwd: folder, timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX };
        execFile(process.execPath, args, options, (error, stdout) => {
          end(error === null ? [] : typeErrors(stdout, folder));
        });
      }),
  };
}

/** What `tsc --pretty false` says, as diagnostics. */
export function typeErrors(output: string, folder: string): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const line of output.split('\n')) {
    const [, file, row, column, message] = /^(.+)\((\d+),(\d+)\): error (TS\d+: .*)$/.exec(line) ?? [];
    if (file !== undefined) {
      const problem = diagnose('handler_types_invalid', { pointer: '', message: message! });
      found.push({ ...problem, file: resolve(folder, file), line: Number(row), column: Number(column) });
    } else if (/^error TS\d+:/.test(line)) {
      found.push(diagnose('handler_types_invalid', { pointer: '', message: line.slice('error '.length) }));
    }
  }
  return found;
}

function compilerOf(folder: string): string | undefined {
  for (const from of [join(folder, 'handler.ts'), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve('typescript/package.json')), 'bin', 'tsc');
    } catch {
      // The next place.
    }
  }
  return undefined;
}

function settings(folder: string, scratch: string): unknown {
  const project = nearestProject(folder);
  const guest = packagePath('handlers/guest');
  const generated = join(packagePath('wit'), 'generated');
  // From a clone the SDK's sources are checked against, from a package its declarations.
  const extension = extname(import.meta.url) === '.ts' ? '.ts' : '.d.ts';
  const interfaces = existsSync(generated) ? readdirSync(generated).filter((name) => name.endsWith('.d.ts')) : [];
  return {
    ...(project === undefined ? {} : { extends: project }),
    compilerOptions: {
      ...(project === undefined ? { strict: true, target: 'es2022', lib: ['es2022'] } : {}),
      module: 'esnext',
      moduleResolution: 'bundler',
      noEmit: true,
      declaration: false,
      composite: false,
      incremental: true,
      tsBuildInfoFile: join(scratch, 'types'),
      rootDir: '/',
      types: [],
      paths: { 'weft/guest': [join(guest, `index${extension}`)], 'weft/guest/*': [join(guest, `*${extension}`)] },
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
    },
    include: [],
    files: [join(folder, 'handler.ts'), ...interfaces.map((name) => join(generated, name))],
  };
}

function nearestProject(folder: string): string | undefined {
  for (let directory = folder; ; directory = dirname(directory)) {
    const file = join(directory, 'tsconfig.json');
    if (existsSync(file)) return file;
    if (dirname(directory) === directory) return undefined;
  }
}
