import { complete, defineHandler, fail, type Json, type JsonObject } from '../guest/index.ts';
import { compileExpression, type ExpressionLimits, failExpression } from '../guest/jsonata.ts';
import { checkOutput } from '../guest/output_schema.ts';
import capability from './capability.json' with { type: 'json' };

/** Exactly one of `expression` and `mapping` is there. */
interface Config {
  readonly expression?: string;
  readonly mapping?: Readonly<Record<string, string>>;
  readonly on_missing: 'null' | 'omit' | 'fail';
  readonly output_schema: JsonObject | boolean;
  readonly limits: ExpressionLimits;
}

/** Reshapes the inputs with JSONata. */
export const handler = defineHandler<Config>({
  capability,
  run({ config, inputs }) {
    const { expression, mapping } = config;
    const result =
      mapping === undefined ? evaluateOne(expression!, config, inputs) : evaluateMapping(mapping, config, inputs);
    checkOutput(config.output_schema, result);
    return complete(result);
  },
});

function evaluateOne(expression: string, { on_missing, limits }: Config, inputs: JsonObject): Json {
  const value = evaluate(expression, limits, inputs);
  if (value === undefined && on_missing === 'fail') {
    fail('value_missing', 'the expression selects nothing; correct it, or set "on_missing" to "null"');
  }
  return value ?? null;
}

function evaluateMapping(
  mapping: Readonly<Record<string, string>>,
  { on_missing, limits }: Config,
  inputs: JsonObject,
): JsonObject {
  const values = Object.entries(mapping).map(
    ([field, expression]) => [field, evaluate(expression, limits, inputs, field)] as const,
  );
  const missing = values.filter(([, value]) => value === undefined).map(([field]) => field);
  if (missing.length > 0 && on_missing === 'fail') {
    fail('value_missing', `nothing is selected for ${missing.join(', ')}`, { details: { fields: missing } });
  }
  const present = on_missing === 'omit' ? values.filter(([, value]) => value !== undefined) : values;
  return Object.fromEntries(present.map(([field, value]) => [field, value ?? null]));
}

function evaluate(expression: string, limits: ExpressionLimits, inputs: JsonObject, field?: string): Json | undefined {
  try {
    return compileExpression(expression, limits).evaluate(inputs);
  } catch (error) {
    if (field === undefined) failExpression(error, '"expression"');
    failExpression(error, `"mapping" of "${field}"`, { field });
  }
}
