import type { ComponentStore } from '../sandbox/component_store.ts';
import type { Catalog } from './catalog.ts';
import { entryOf } from './load_component.ts';

/** Keeps what earlier processes loaded, for the steps that are pinned to it. */
export async function keepEarlier(components: Pick<ComponentStore, 'keepEarlier'>, catalog: Catalog): Promise<void> {
  for (const component of await components.keepEarlier()) catalog.keep(entryOf(component));
}
