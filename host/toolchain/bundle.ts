import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { build, type Message, type Plugin } from 'esbuild';
import { type Diagnostic, diagnose } from '../../kernel/diagnostics.ts';
import { BuildError } from './build_error.ts';
import { synchronousJsonata } from './jsonata_plugin.ts';
import { packagePath } from './package_path.ts';

/** A place in a source file; both numbers are 1-based. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One script that runs in a guest or, for tests, natively: everything is inside but the `weft:` interfaces. */
export interface Bundle {
  /** An ES module that exports `handler`. */
  readonly code: string;
  /** The `weft:` interfaces that it imports, sorted. */
  readonly imports: readonly string[];
  /** The files it was made of, but for those of packages; absolute. */
  readonly sources: readonly string[];
  /** Where a place of `code` (1-based) was written; undefined when nobody wrote it. */
  locate(line: number, column: number): SourcePosition | undefined;
}

/**
 * Bundles a module that exports `handler` with the prelude of the guest SDK before it. `weft/guest` and its parts
 * (`weft/guest/http`, …) resolve to the SDK that this toolchain ships, wherever the source lives.
 * @throws BuildError
 */
export async function bundleHandler(entry: string): Promise<Bundle> {
  const imports = new Set<string>();
  const directory = resolve(dirname(entry));
  try {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: `import 'weft/guest/prelude';\nexport { handler } from './${basename(entry)}';\n`,
        resolveDir: directory,
        sourcefile: 'entry.js',
      },
      alias: { 'weft/guest': packagePath('handlers/guest') },
      plugins: [interfaces(imports), synchronousJsonata],
      absWorkingDir: directory,
      outfile: 'handler.js',
      sourcemap: 'external',
      metafile: true,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2022',
      minify: true,
      legalComments: 'none',
      write: false,
      logLevel: 'silent',
    });
    const [map, code] = outputFiles.map((file) => file.text) as [string, string];
    const sources = Object.keys(metafile.inputs)
      .filter((file) => !/(^|\/)node_modules\//.test(file) && file !== 'entry.js')
      .map((file) => resolve(directory, file));
    return { code, imports: [...imports].sort(), sources, locate: locator(map, directory) };
  } catch (error) {
    const { errors } = error as { errors?: Message[] };
    if (errors === undefined) throw error;
    throw new BuildError(
      errors.map((message) => diagnostic(message, directory)),
      error,
    );
  }
}

function interfaces(found: Set<string>): Plugin {
  return {
    name: 'weft interfaces',
    setup({ onResolve }) {
      onResolve({ filter: /^weft:/ }, ({ path }) => {
        found.add(path);
        return { path, external: true };
      });
    },
  };
}

function locator(map: string, directory: string): Bundle['locate'] {
  let parsed: SourceMap | undefined;
  return (line, column) => {
    parsed ??= new SourceMap(JSON.parse(map) as SourceMapPayload);
    const entry = parsed.findEntry(line - 1, column - 1);
    return 'originalSource' in entry
      ? {
          file: resolve(directory, entry.originalSource),
          line: entry.originalLine + 1,
          column: entry.originalColumn + 1,
        }
      : undefined;
  };
}

function diagnostic({ text, location }: Message, directory: string): Diagnostic {
  return {
    ...diagnose('handler_source_invalid', { pointer: '', message: text }),
    // esbuild counts columns from 0.
    ...(location === null
      ? {}
      : { file: resolve(directory, location.file), line: location.line, column: location.column + 1 }),
  };
}
