import type { CatalogEntry } from '../../../kernel/capability/types.ts';
import type { Json, JsonObject } from '../../../kernel/json.ts';
import type { Schema } from '../../../kernel/schema/walk.ts';
import { TEMPLATE_SCHEMA } from '../../../kernel/template/schema.ts';
import { Draft07 } from './draft_07.ts';
import { writtenRanges } from './versions.ts';

/**
 * JSON Schema draft-07 of templates that use this catalog, for editors: what `config` and `inputs` may be follows from
 * `handler.catalog`, and references may stand wherever the engine fills them in. It refuses no template that
 * `weft template validate` accepts for the shape of its configs; references, graph and grants are the engine's to check.
 */
export function editorSchema(catalog: readonly CatalogEntry[]): JsonObject {
  const draft = new Draft07();
  const { $defs, ...frame } = TEMPLATE_SCHEMA;
  const { items: _, ...steps } = frame.properties.steps;
  const properties: JsonObject = { ...frame.properties, steps };
  const template = draft.write({ ...frame, properties } as JsonObject, 'template', 'plain') as JsonObject;
  const step = draft.write($defs.step as unknown as JsonObject, 'template', 'plain') as {
    readonly properties: Record<string, JsonObject>;
  };
  const { handler } = step.properties;
  const byName = Map.groupBy(catalog, ({ name }) => name);
  for (const entry of catalog) define(draft, entry);
  const withCatalog = {
    ...step,
    properties: { ...step.properties, handler: { ...handler, properties: handlerProperties(handler!, byName) } },
    allOf: [PLANNED_OR_HANDLED, ...[...byName.values()].flatMap(conditionsOf)],
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...template,
    properties: {
      ...(template['properties'] as JsonObject),
      catalog: offered(template, [...byName.keys()]),
      steps: { ...steps, items: { $ref: '#/definitions/step' } },
    },
    definitions: { ...draft.definitions, step: withCatalog },
  };
}

/** A planning step has a planner in place of a handler. */
const PLANNED_OR_HANDLED: JsonObject = {
  if: { required: ['type'], properties: { type: { const: 'planning' } } },
  then: { required: ['planner', 'goal'] },
  else: { required: ['handler'] },
};

function define(draft: Draft07, entry: CatalogEntry): void {
  const { configSchema, inputSchema, title, description } = entry.capability;
  const name = nameOf(entry);
  draft.definitions[`${name}.config`] = draft.write(configSchema, `${name}.config`, 'possible') as Json;
  draft.definitions[`${name}.inputs`] = draft.write(inputSchema, `${name}.inputs`, 'possible') as Json;
  draft.definitions[name] = {
    title,
    description,
    properties: {
      handler: {
        properties: { config: { $ref: `#/definitions/${name}.config` } },
        ...(isOptional(configSchema) ? {} : { required: ['config'] }),
      },
      inputs: { $ref: `#/definitions/${name}.inputs` },
    },
  };
}

/** Whether `{}`, which an absent config is, may meet a schema, as far as its own keys say. */
function isOptional({ required }: JsonObject): boolean {
  return !Array.isArray(required) || required.length === 0;
}

function nameOf({ name, version }: CatalogEntry): string {
  return `${name}@${version}`;
}

/** What holds for a step, by what its handler is called. `entries` are those of one name, newest first. */
function conditionsOf(entries: readonly CatalogEntry[]): readonly Schema[] {
  const { name } = entries[0]!;
  const refTo = (entry: CatalogEntry): JsonObject => ({ $ref: `#/definitions/${nameOf(entry)}` });
  if (entries.length === 1) return [when({ pattern: `^${name}(@.*)?$` }, refTo(entries[0]!))];
  const written = writtenRanges(entries);
  const usual = written.map(({ catalog }) => catalog);
  return [
    ...entries.map((entry) => {
      const names = written.filter((each) => each.entry === entry).map(({ catalog }) => catalog);
      return when({ enum: names }, refTo(entry));
    }),
    // What other ranges mean is the engine's to say: it is some version.
    when({ pattern: `^${name}@`, not: { enum: usual } }, { anyOf: entries.map(refTo) }),
  ];
}

function when(catalog: JsonObject, then: Schema): JsonObject {
  const handler = { type: 'object', required: ['catalog'], properties: { catalog: { type: 'string', ...catalog } } };
  return { if: { required: ['handler'], properties: { handler } }, then };
}

function handlerProperties(handler: JsonObject, byName: ReadonlyMap<string, readonly CatalogEntry[]>): JsonObject {
  const properties = handler['properties'] as Record<string, JsonObject>;
  const { pattern: _, ...catalog } = properties['catalog']!;
  const names = [...byName].flatMap(([name, [newest]]) => {
    const { title, description } = newest!.capability;
    const summary = `${title}. ${description}`;
    return [name, `${name}@^${newest!.version.split('.')[0]}`].map((written) => ({
      const: written,
      description: summary,
    }));
  });
  const ranges = [...byName.keys()].map((name) => ({ pattern: `^${name}@.+$` }));
  return { ...properties, catalog: { ...catalog, anyOf: [...names, ...ranges] } };
}

/** The template's `catalog`, its items completed from the names there are. */
function offered(template: JsonObject, names: readonly string[]): JsonObject {
  const list = (template['properties'] as Record<string, JsonObject>)['catalog']!;
  return { ...list, items: { enum: names } };
}
