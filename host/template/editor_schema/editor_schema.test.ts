import { globSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats/dist/formats.js';
import fc from 'fast-check';
import { parse } from 'yaml';
import { configMarks } from '../../../kernel/capability/literals.ts';
import type { Capability, CatalogEntry } from '../../../kernel/capability/types.ts';
import { validateCapability } from '../../../kernel/capability/validate.ts';
import { createHooks } from '../../../kernel/hooks/hooks.ts';
import type { Json, JsonObject } from '../../../kernel/json.ts';
import { compileValue } from '../../../kernel/reference/parse.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { Catalog } from '../../catalog/catalog.ts';
import { hostSchemaCompiler } from '../../schemas.ts';
import { TemplateChecker } from '../checker.ts';
import { editorSchema } from './editor_schema.ts';

const test = suite('editor schema');

const compiler = hostSchemaCompiler();

/** The built-in handlers, as their sources describe them. */
function builtIn(): CatalogEntry[] {
  const files = globSync('handlers/*/capability.json').sort();
  return files.map((file) => entryOf(JSON.parse(readFileSync(file, 'utf8'))));
}

function entryOf(document: Json): CatalogEntry {
  const validated = validateCapability(document, compiler);
  assert.ok(validated.ok);
  const capability = (validated as { capability: Capability }).capability;
  return {
    name: capability.name,
    version: capability.version,
    digest: `d:${capability.name}@${capability.version}`,
    capability,
  };
}

function checkerOf(schema: JsonObject): (value: unknown) => boolean {
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allowUnionTypes: true,
    formats: ajvFormats.fullFormats,
  });
  const validate = ajv.compile(schema);
  return (value) => validate(value) as boolean;
}

const entries = builtIn();
const accepts = checkerOf(editorSchema(entries));

function template(catalog: string, config?: Json, rest: JsonObject = {}): JsonObject {
  const handler = config === undefined ? { catalog } : { catalog, config };
  return { name: 'a', steps: [{ name: 's', handler, ...rest }] };
}

test('accepts the examples', () => {
  for (const file of globSync('examples/*/template.yaml')) {
    assert.ok(accepts(parse(readFileSync(file, 'utf8'))), file);
  }
});

test('refuses configs that their handler refuses, whatever range is written', () => {
  for (const catalog of ['http_request', 'http_request@^1', 'http_request@1.x']) {
    assert.ok(accepts(template(catalog, { url: 'https://a.test' })));
    assert.not(accepts(template(catalog, { url: 'https://a.test', methd: 'GET' })), 'a key that is not there');
    assert.not(accepts(template(catalog, { url: 'https://a.test', method: 'FETCH' })), 'a value that is not offered');
    assert.not(accepts(template(catalog, { url: 7 })), 'a value of another type');
    assert.not(accepts(template(catalog, {})), 'a key that is missing');
    assert.not(accepts(template(catalog)), 'a config that is missing');
  }
  assert.not(accepts(template('transform', { expression: 'a', mapping: { a: 'b' } })), 'one of two');
  assert.not(accepts(template('gate', { title: 'Go?', criteria: 'all' })), 'a key that another one needs');
  assert.not(accepts(template('nobody', {})), 'a handler that is not there');
});

test('refuses what the frame refuses', () => {
  const good = template('transform', { expression: 'a' });
  assert.ok(accepts(good));
  assert.not(accepts({ ...good, stpes: [] }));
  assert.not(accepts({ ...good, catalog: ['nobody'] }));
  assert.not(accepts(template('transform', { expression: 'a' }, { on_failure: 'explode' })));
  assert.not(accepts({ name: 'a', steps: [] }));
});

test('takes references where the engine does, and only there', () => {
  const reference = '${task.context.x}';
  assert.ok(accepts(template('http_request', { url: reference, method: reference, expected_status: [reference] })));
  assert.ok(
    accepts(template('http_request', { url: `${reference}/orders`, timeout_ms: reference, body: { json: reference } })),
  );
  assert.not(accepts(template('http_request', { url: 'https://a.test', methd: reference })));
  assert.not(accepts(template(reference, {})));
  assert.not(accepts(template('transform', { mapping: reference })), 'what belongs to the handler is not filled in');
  assert.ok(accepts(template('gate', { title: 'Go?', criteria: reference })), 'a condition that may not hold');
});

test('asks of each range what the version that it means asks, and of unusual ones what some version does', () => {
  const versions = ['2.1.0', '2.0.0', '1.4.2'].map((version) =>
    entryOf({
      name: 'price',
      version,
      title: 'P',
      description: 'P',
      category: 'test',
      inputSchema: { type: 'object' },
      outputSchema: {},
      configSchema: {
        type: 'object',
        additionalProperties: false,
        properties: { [`v${version[0]}${version[2]}`]: { type: 'string' } },
      },
    }),
  );
  const check = checkerOf(editorSchema(versions));
  const meant = (catalog: string) => ['v21', 'v20', 'v14'].filter((key) => check(template(catalog, { [key]: 'x' })));
  assert.equal(meant('price'), ['v21']);
  assert.equal(meant('price@^2'), ['v21']);
  assert.equal(meant('price@~2.0'), ['v20']);
  assert.equal(meant('price@1.4.2'), ['v14']);
  assert.equal(meant('price@1.x'), ['v14']);
  assert.equal(meant('price@>=1 <3'), ['v21', 'v20', 'v14']);
});

test('agrees with the engine on configs without references, and refuses none with references that it accepts', () => {
  const catalog = new Catalog();
  for (const entry of entries) catalog.register(entry);
  const limits = { template_bytes_max: 1e6, context_bytes_max: 1e6, template_steps_max: 100 } as never;
  const checker = new TemplateChecker({ catalog, compiler, hooks: createHooks(), limits });
  const shape = new Set(['config_invalid', 'key_unknown', 'key_missing', 'value_invalid']);
  const engineAccepts = (document: Json) =>
    !checker.check({ kind: 'document', document }).diagnostics.some(({ code }) => shape.has(code));
  const given: [CatalogEntry, JsonObject][] = [];
  for (const file of globSync('handlers/*/cases/*/input.json')) {
    const entry = entries.find(({ name }) => name === file.split('/')[1])!;
    const { config } = JSON.parse(readFileSync(file, 'utf8')) as { config?: JsonObject };
    // Editors take keys of these names for any other; the engine looks at nothing else once it has found one.
    if (config !== undefined && !/"(__proto__|constructor|prototype)"/.test(JSON.stringify(config)))
      given.push([entry, config]);
  }
  const whole = { refused: 0, accepted: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...given),
      fc.nat(),
      fc.constantFrom<Json>('${task.context.x}', 'at ${task.id}', null, 7, 'nonsense', {}, []),
      ([entry, config], at, value) => {
        const places = placesIn(config);
        const place = places[at % places.length] ?? [];
        const changed = place.length === 0 ? config : withValue(config, place, value);
        const document = template(entry.name, changed);
        const engine = engineAccepts(document);
        const { references } = compileValue(changed, configMarks(entry.capability.configSchema));
        const what = JSON.stringify(changed);
        if (engine) assert.ok(accepts(document), what);
        else if (references.length === 0) assert.not(accepts(document), what);
        whole[engine ? 'accepted' : 'refused']++;
      },
    ),
    { numRuns: 3_000 },
  );
  assert.ok(whole.refused > 300 && whole.accepted > 300, JSON.stringify(whole));
});

type Path = readonly (string | number)[];

function placesIn(value: Json, path: Path = []): Path[] {
  const own: Path[] = path.length === 0 ? [] : [path];
  if (typeof value !== 'object' || value === null) return own;
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [...own, ...keys.flatMap((key) => placesIn((value as Record<string, Json>)[key]!, [...path, key]))];
}

function withValue(value: JsonObject, path: Path, put: Json): JsonObject {
  const copy = structuredClone(value) as Record<string, Json>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, Json>;
  at[path.at(-1)!] = put;
  return copy;
}
