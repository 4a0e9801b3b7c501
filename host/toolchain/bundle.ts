import { basename, dirname } from 'node:path';
import { build, type Message, type Plugin } from 'esbuild';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import { synchronousJsonata } from './jsonata_plugin.ts';
import { packagePath } from './package_path.ts';

/** One script that runs in a guest or, for tests, natively: everything is inside but the `weft:` interfaces. */
export interface Bundle {
  /** An ES module that exports `handler`. */
  readonly code: string;
  /** The `weft:` interfaces that it imports, sorted. */
  readonly imports: readonly string[];
}

/** A source that cannot be bundled; `diagnostics` say where. */
export class BundleError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((each) => each.message).join('\n'));
    this.name = 'BundleError';
    this.diagnostics = diagnostics;
  }
}

/**
 * Bundles a module that exports `handler` with the prelude of the guest SDK before it. `weft/guest` and its parts
 * (`weft/guest/http`, …) resolve to the SDK that this toolchain ships, wherever the source lives.
 * @throws BundleError
 */
export async function bundleHandler(entry: string): Promise<Bundle> {
  const imports = new Set<string>();
  try {
    const result = await build({
      stdin: {
        contents: `import 'weft/guest/prelude';\nexport { handler } from './${basename(entry)}';\n`,
        resolveDir: dirname(entry),
        sourcefile: 'entry.js',
      },
      alias: { 'weft/guest': packagePath('handlers/guest') },
      plugins: [interfaces(imports), synchronousJsonata],
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
    return { code: result.outputFiles[0]!.text, imports: [...imports].sort() };
  } catch (error) {
    const { errors } = error as { errors?: Message[] };
    if (errors === undefined) throw error;
    throw new BundleError(errors.map(diagnostic));
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

function diagnostic({ text, location }: Message): Diagnostic {
  return {
    code: 'handler_source_invalid',
    severity: 'error',
    stage: 'syntax',
    pointer: '',
    message: text,
    // esbuild counts columns from 0.
    ...(location === null ? {} : { file: location.file, line: location.line, column: location.column + 1 }),
  };
}
