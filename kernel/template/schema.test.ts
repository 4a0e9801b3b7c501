import { hostSchemaCompiler } from '../../host/schemas.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { JsonObject } from '../json.ts';
import { subschemas } from '../schema/walk.ts';
import { RETRY_DEFAULTS, STEP_DEFAULTS, TEMPLATE_DEFAULTS } from './defaults.ts';
import { PLANNING_DEFAULTS } from './planning.ts';
import { TEMPLATE_SCHEMA } from './schema.ts';

const test = suite('template schema');

const schema: JsonObject = TEMPLATE_SCHEMA;
const { properties, $defs } = TEMPLATE_SCHEMA;

test('is a schema that Weft itself would accept from outside', () => {
  assert.ok(hostSchemaCompiler().compile(schema).ok);
});

test('says of every key what it means', () => {
  for (const [pointer, subschema] of subschemas(schema)) {
    if (!/\/properties\/\w+$/.test(pointer)) continue;
    assert.ok(String((subschema as JsonObject)['description'] ?? '').endsWith('.'), pointer);
  }
});

test('refuses unknown keys wherever it names keys', () => {
  for (const [pointer, subschema] of subschemas(schema)) {
    const { properties: named, additionalProperties } = subschema as JsonObject;
    if (named !== undefined) assert.is(additionalProperties, false, pointer);
  }
});

test('documents the defaults that are filled in', () => {
  const defaultsOf = (named: object) =>
    Object.fromEntries(
      Object.entries(named).flatMap(([key, each]) => ('default' in each ? [[key, each.default]] : [])),
    );
  assert.equal(defaultsOf(properties), TEMPLATE_DEFAULTS);
  assert.equal(defaultsOf($defs.step.properties), { ...STEP_DEFAULTS, ...PLANNING_DEFAULTS, retry: RETRY_DEFAULTS });
  assert.equal(defaultsOf($defs.step.properties.bounds.properties), PLANNING_DEFAULTS.bounds);
  assert.equal(defaultsOf($defs.step.properties.retry.properties), RETRY_DEFAULTS);
  assert.equal(defaultsOf($defs.step.properties.handler.properties), { config: {} });
});
