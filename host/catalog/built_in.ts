import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import { packagePath } from '../toolchain/package_path.ts';

/** Where the components of the built-in handlers are, or will be once they are built. */
export function builtInHandlers(): string {
  return join(dirname(packagePath('package.json')), 'build', 'handlers');
}

/**
 * Builds the built-in handlers when one of them is not there yet: a fresh clone has their sources only, and a first build
 * may have been interrupted; a package has them all.
 * @throws handlers_unreadable when the build fails
 */
export async function ensureBuiltIn(logger: Logger): Promise<void> {
  if (await areBuilt()) return;
  const sources = packagePath('handlers');
  const outDirectory = builtInHandlers();
  logger.info({ outDirectory }, 'building the built-in handlers, once');
  // The toolchain is heavy; a start that needs no build does not load it.
  const { buildHandlers } = await import('../toolchain/build_handlers.ts');
  const report = await buildHandlers({ directory: sources, outDirectory });
  if (report.ok) return;
  const diagnostics = report.handlers.flatMap((handler) => handler.diagnostics);
  const problem = diagnostics.map(({ file, line, message }) => `${file ?? ''}:${line ?? 0} ${message}`).join('; ');
  throw new WeftError('handlers_unreadable', { path: join(sources), problem }, { diagnostics });
}

/** Whether each built-in handler whose source is here has a component. It may be older than its source. */
export async function areBuilt(): Promise<boolean> {
  const sources = packagePath('handlers');
  const names = await readdir(sources);
  return names
    .filter((name) => existsSync(join(sources, name, 'handler.ts')))
    .every((name) => existsSync(join(builtInHandlers(), `${name}.wasm`)));
}
