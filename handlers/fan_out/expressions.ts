import type { Json, JsonObject } from '../guest/index.ts';
import { compileExpression, type Expression, type ExpressionLimits, failExpression } from '../guest/jsonata.ts';

/** An expression of the config; `where` is which item or batch it is asked about, for the failure's details. */
export type Ask = (value: Json, bindings?: Readonly<Record<string, Json>>, where?: JsonObject) => Json | undefined;

/**
 * Compiles an expression of the config.
 * @param pointer where it stands in the config
 * @throws HandlerFailure `expression_invalid`; asked, `expression_failed` and `expression_limit`
 */
export function compile(source: string, pointer: string, limits: ExpressionLimits): Ask {
  const subject = (where: JsonObject) =>
    [`"${pointer}"`, ...Object.entries(where).map(([name, index]) => `of ${name} ${index}`)].join(' ');
  const attempt = <Result>(where: JsonObject, perform: () => Result): Result => {
    try {
      return perform();
    } catch (error) {
      return failExpression(error, subject(where), { pointer, ...where });
    }
  };
  const expression: Expression = attempt({}, () => compileExpression(source, limits));
  return (value, bindings, where = {}) => attempt(where, () => expression.evaluate(value, bindings));
}
