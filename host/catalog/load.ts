import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Capability, CatalogEntry } from '../../kernel/capability/types.ts';
import { validateCapability } from '../../kernel/capability/validate.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { Json } from '../../kernel/json.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { problemText } from '../../kernel/schema/problem.ts';
import type { ComponentStore } from '../sandbox/component_store.ts';
import type { Catalog } from './catalog.ts';

/**
 * Loads every `*.wasm` of the directories into the catalog, and keeps what earlier processes loaded for the steps that
 * are pinned to it. A component that is refused stops the start: a template that needs it would only fail later.
 * @throws handlers_unreadable, component_refused, handler_conflict; each names the file
 */
export async function loadHandlers(
  directories: readonly string[],
  components: ComponentStore,
  catalog: Catalog,
  hooks: Hooks,
  logger: Logger,
): Promise<void> {
  const files = (await Promise.all(directories.map(componentsIn))).flat();
  await Promise.all(
    files.map(async (file) => {
      try {
        const { digest, capability } = await components.load(await readFile(file));
        const entry = entryOf(digest, capability);
        const refusal = hooks.call('catalogRegistration', entry);
        if (refusal !== undefined) throw new Error(`a plugin refuses it: ${refusal}`);
        catalog.register(entry);
        logger.debug({ file, digest, name: capability.name, version: capability.version }, 'a handler was loaded');
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        throw new WeftError('handlers_unreadable', { path: file, problem }, { cause: error });
      }
    }),
  );
  for (const { digest, capability } of await components.keepEarlier()) catalog.keep(entryOf(digest, capability));
}

function entryOf(digest: string, capability: Capability): CatalogEntry {
  return { name: capability.name, version: capability.version, digest, capability };
}

/** What a component says of itself, if it is a capability. @throws Error naming every problem */
export function acceptCapability(value: Json, compiler: SchemaCompiler): Capability {
  const validated = validateCapability(value, compiler);
  if (validated.ok) return validated.capability;
  const problems = validated.problems.map(problemText);
  throw new Error(`its capability is not valid: ${problems.join('; ')}`);
}

async function componentsIn(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.wasm'))
      .sort()
      .map((name) => join(directory, name));
  } catch (cause) {
    throw new WeftError('handlers_unreadable', { path: directory, problem: (cause as Error).message }, { cause });
  }
}
