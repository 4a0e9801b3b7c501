import { fail } from './failure.ts';
import type { Json, JsonObject } from './json.ts';
import { compileSchema, type Schema, SchemaError } from './json_schema.ts';

/**
 * Ends the run with `output_invalid`, the problems in the details, when a result does not meet the `output_schema` of a
 * config, and with `schema_invalid` when that is no schema.
 */
export function checkOutput(schema: JsonObject | boolean, result: Json): void {
  if (schema === true) return;
  const problems = compileOutputSchema(schema).check(result);
  if (problems.length === 0) return;
  const list = problems.map(({ pointer, message }) => `"${pointer}" ${message}`).join('; ');
  fail('output_invalid', `the result does not meet "output_schema": ${list}`, {
    details: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

function compileOutputSchema(schema: JsonObject | boolean): Schema {
  try {
    return compileSchema(schema);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    fail('schema_invalid', `"output_schema" cannot be used: ${error.message}`);
  }
}
