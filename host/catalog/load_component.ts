import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { DiagnosticCode } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { HandlerGrant } from '../config/types.ts';
import type { ComponentStore, Trial } from '../sandbox/component_store.ts';
import { COMPONENT_BYTES_MAX } from '../sandbox/limits.ts';
import type { LoadedComponent } from '../sandbox/port.ts';
import type { Catalog } from './catalog.ts';
import { readComponentFile } from './component_file.ts';
import { importsNotGranted } from './grants.ts';
import { type LoadStage, Refusal, refuse } from './refusal.ts';
import { type ExamplesReport, runExamples } from './run_examples.ts';

/** What loading takes. */
export interface LoadContext {
  readonly components: Pick<ComponentStore, 'load'>;
  readonly catalog: Catalog;
  readonly hooks: Hooks;
  readonly grants: readonly HandlerGrant[];
}

/** A component that has passed every check of its own: what is left is whether it may join this catalog now. */
export interface PreparedComponent {
  readonly entry: CatalogEntry;
  /** Null of one that is trusted. */
  readonly examples: ExamplesReport | null;
}

const tryExamples: Trial = async (directory, capability) => ({ ...(await runExamples(directory, capability)) });

const STORE_STAGES = {
  structure: 'component_malformed',
  translation: 'component_untranslatable',
  description: 'component_undescribed',
  imports: 'handler_import_undeclared',
} as const satisfies Partial<Record<LoadStage, DiagnosticCode>>;

/**
 * Reads a component and puts it through the stages from `read` to `examples`. None of its code runs outside a cell.
 * @param trusted one of Weft's own, whose examples were run when it was built.
 * @throws Refusal; component_cache_unavailable
 */
export async function prepareComponent(
  path: string,
  directory: string,
  { components }: Pick<LoadContext, 'components'>,
  trusted: boolean,
): Promise<PreparedComponent> {
  const bytes = await readComponentFile(path, directory, COMPONENT_BYTES_MAX);
  try {
    const loaded = await components.load(bytes, trusted ? undefined : tryExamples);
    return { entry: entryOf(loaded), examples: loaded.trial as ExamplesReport | null };
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'component_refused') throw error;
    const stage = error.params['stage'] as keyof typeof STORE_STAGES;
    throw refuse(stage, STORE_STAGES[stage], { message: String(error.params['problem']) }, error);
  }
}

/**
 * Puts a prepared component through the stages from `grants` to `version` and offers it, all in one turn of the event loop:
 * it is in the catalog, or nothing has changed.
 * @param trusted one of Weft's own, which needs no grants.
 * @throws Refusal
 */
export function joinCatalog(
  { entry }: PreparedComponent,
  directory: string,
  { catalog, hooks, grants }: LoadContext,
  trusted: boolean,
): void {
  const { name, capability } = entry;
  const missing = trusted ? [] : importsNotGranted({ name, imports: capability.imports, directory }, grants);
  if (missing.length > 0) throw new Refusal('grants', missing);
  const refusal = catalog.offers(entry.digest) ? undefined : askPlugins(hooks, entry);
  if (refusal !== undefined) throw refuse('plugins', 'handler_refused_by_plugin', { message: refusal });
  try {
    catalog.register(entry);
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'handler_conflict') throw error;
    const problem = {
      message: error.message,
      expected: error.params['registered']!,
      got: entry.digest,
      suggestion: `raise "version" in its capability: steps may be pinned to what ${name}@${entry.version} was`,
    };
    throw refuse('version', 'handler_version_taken', problem, error);
  }
}

/** Why a plugin does not want a handler; one that fails has not said that it may come. */
function askPlugins(hooks: Hooks, entry: CatalogEntry): string | undefined {
  try {
    const refusal = hooks.call('catalogRegistration', entry);
    return refusal === undefined ? undefined : `a plugin refuses it: ${refusal}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A component as the catalog holds it. */
export function entryOf({ digest, capability }: Pick<LoadedComponent, 'digest' | 'capability'>): CatalogEntry {
  return { name: capability.name, version: capability.version, digest, capability };
}
