import type { Json } from '../guest/index.ts';
import { compileExpression, type ExpressionLimits, failExpression } from '../guest/jsonata.ts';
import type { Label } from './types.ts';

/** Evaluates an expression of the config; undefined when it selects nothing. */
export type Evaluate = (value: Json, item?: Label) => Json | undefined;

/**
 * Compiles an expression of the config.
 * @throws HandlerFailure now and when it is evaluated, saying `field` and item
 */
export function expressionOf(source: string, field: string, limits: ExpressionLimits): Evaluate {
  const guarded = <Result>(perform: () => Result, item?: Label): Result => {
    try {
      return perform();
    } catch (error) {
      const about = item === undefined ? '' : ` over item ${JSON.stringify(item)}`;
      return failExpression(error, `"${field}"${about}`, { field, ...(item === undefined ? {} : { item }) });
    }
  };
  const compiled = guarded(() => compileExpression(source, limits));
  return (value, item) => guarded(() => compiled.evaluate(value), item);
}
