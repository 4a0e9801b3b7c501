import { hostSchemaCompiler } from '../../host/schemas.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { JsonObject } from '../json.ts';
import { subschemas } from '../schema/walk.ts';
import { TEMPLATE_SCHEMA } from '../template/schema.ts';
import { FRAGMENT_SCHEMA } from './schema.ts';

const test = suite('fragment schema');

test('is a schema that Weft itself would accept from outside', () => {
  assert.ok(hostSchemaCompiler().compile(FRAGMENT_SCHEMA).ok);
});

test('says of every key what it means, and refuses unknown ones', () => {
  for (const [pointer, subschema] of subschemas(FRAGMENT_SCHEMA)) {
    const { description, properties, additionalProperties } = subschema as JsonObject;
    if (/\/properties\/\w+$/.test(pointer)) assert.ok(String(description ?? '').endsWith('.'), pointer);
    if (properties !== undefined) assert.is(additionalProperties, false, pointer);
  }
});

test('has the keys of steps in templates, but for those of planning steps', () => {
  const { reasoning: _, ...own } = FRAGMENT_SCHEMA.$defs.step.properties as JsonObject;
  const missing = Object.keys(TEMPLATE_SCHEMA.$defs.step.properties).filter((key) => !(key in own));
  assert.ok(Object.keys(own).every((key) => key in TEMPLATE_SCHEMA.$defs.step.properties));
  assert.ok(!missing.includes('handler') && (missing.length === 0 || missing.includes('planner')), missing.join());
});
