import { fail, type Json, type JsonObject } from '../guest/index.ts';
import { compileSchema, type Schema, SchemaError } from '../guest/json_schema.ts';
import { compileExpression, type Expression, ExpressionError, isTruthy } from '../guest/jsonata.ts';
import type { Reason, Rule, ValidateConfig } from './types.ts';

/** Why a value is invalid, at most `max_reasons`; empty when it is valid. */
export type Check = (value: Json, bindings: Readonly<Record<string, Json>>) => readonly Reason[];

/**
 * The check that a config describes: the schema, then, on values that meet it, the rules. A rule that cannot be
 * evaluated on a value does not hold there.
 * @throws HandlerFailure `schema_invalid`, `rule_invalid`; the check `expression_limit`
 */
export function compileCheck({ schema, rules, max_reasons }: ValidateConfig): Check {
  const shape = compileShape(schema);
  const compiled = rules.map(compileRule);
  return (value, bindings) => {
    const problems: readonly Reason[] = shape.check(value);
    const reasons = problems.length > 0 ? problems : compiled.flatMap((rule) => rule(value, bindings));
    return reasons.slice(0, max_reasons);
  };
}

function compileShape(schema: Json): Schema {
  try {
    return compileSchema(schema);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return fail('schema_invalid', `"/schema" cannot be used: ${error.message}`);
  }
}

function compileRule({ name, test, message, pointer }: Rule, index: number): Check {
  const reason: Reason = { pointer, keyword: 'rule', message, rule: name };
  const expression = compile(test, 'rule_invalid', `/rules/${index}/test`);
  return (value, bindings) => {
    try {
      return isTruthy(expression.evaluate(value, bindings)) ? [] : [reason];
    } catch (error) {
      if (!(error instanceof ExpressionError) || error.limit)
        return failed('rule_invalid', `/rules/${index}/test`, error);
      return [{ ...reason, message: `${message} (${error.message})` }];
    }
  };
}

/**
 * The value that `source` selects from the inputs; undefined when there is nothing.
 * @throws HandlerFailure `source_failed`, `expression_limit`
 */
export function select(source: string, inputs: JsonObject): Json | undefined {
  const expression = compile(source, 'source_failed', '/source');
  try {
    return expression.evaluate(inputs);
  } catch (error) {
    return failed('source_failed', '/source', error);
  }
}

function compile(source: string, code: string, pointer: string): Expression {
  try {
    return compileExpression(source);
  } catch (error) {
    return failed(code, pointer, error);
  }
}

function failed(code: string, pointer: string, error: unknown): never {
  if (!(error instanceof ExpressionError)) throw error;
  fail(error.limit ? 'expression_limit' : code, `the expression at "${pointer}": ${error.message}`, {
    details: { pointer, ...error.details },
  });
}
