import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Json } from '../kernel/json.ts';
import { createSchemaCompiler } from '../kernel/schema/compile.ts';
import { assert } from './suite.ts';

const compiler = createSchemaCompiler({ formats: fullFormats });

/** Fails unless the value meets the schema; `what` names the value. */
export function checkAgainst(schema: Json, value: Json, what: string): void {
  const compiled = compiler.compile(schema);
  assert.ok(compiled.ok, compiled.ok ? '' : `the schema of ${what} is none: ${JSON.stringify(compiled.problems)}`);
  if (compiled.ok) assert.equal(compiled.check(value), [], what);
}
