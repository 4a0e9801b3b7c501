import type { Json, JsonObject } from '../../../kernel/index.ts';
import { asData } from './as_data.ts';

/** How much of each handler is shown: 1 a name and a line, 2 inputs and outputs too, 3 everything. */
export type CatalogTier = 1 | 2 | 3;

/** Everything of a handler by its name, as far as it is known. */
export type Describe = (name: string) => JsonObject | undefined;

/** Of each handler, below tier 3, which has them all. */
const EXAMPLES_MAX = 2;

/**
 * The catalog as a model reads it: a line for each handler, and examples of steps from their capability schemas. Sorted,
 * and the same text for the same handlers, so that providers can cache it.
 */
export function catalogText(entries: readonly JsonObject[], level: CatalogTier, describe: Describe): string {
  const sorted = [...entries].sort((a, b) => order(textOf(a['name']), textOf(b['name'])));
  const lines = sorted.map((entry) => asData(shown(entry, level, describe)));
  const examples = sorted.flatMap((entry) => examplesOf(textOf(entry['name']), level, describe));
  return [
    `<catalog tier="${level}">`,
    ...lines,
    '</catalog>',
    ...(examples.length === 0 ? [] : ['<examples>', ...examples, '</examples>']),
  ].join('\n');
}

function shown(entry: JsonObject, level: CatalogTier, describe: Describe): JsonObject {
  if (level === 1) {
    const { name = null, version = null, category = null, summary = null } = entry;
    return { name, version, category, summary };
  }
  const whole = level === 3 ? describe(textOf(entry['name'])) : undefined;
  if (whole === undefined) return entry;
  // Examples are shown as steps, below.
  const { composition: _, ...rest } = whole;
  return rest;
}

/** Examples of a capability as the steps they would be. */
function examplesOf(name: string, level: CatalogTier, describe: Describe): readonly string[] {
  const { composition } = describe(name) ?? {};
  const examples = (composition as { readonly examples?: readonly JsonObject[] } | undefined)?.examples ?? [];
  const few = level === 3 ? examples : examples.slice(0, EXAMPLES_MAX);
  return few.map(({ title = '', config = {}, inputs = {}, result }) =>
    asData({
      title,
      step: { handler: { catalog: name, config }, inputs },
      ...(result === undefined ? {} : { result }),
    }),
  );
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
