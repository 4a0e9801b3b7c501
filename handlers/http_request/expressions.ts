import { fail, type Json } from '../guest/index.ts';
import { compileExpression, type Expression, ExpressionError } from '../guest/jsonata.ts';
import type { Answer } from './types.ts';

/** An expression of the config over an answer; undefined when it selects nothing. */
export type Selector = (answer: Answer) => Json | undefined;

/**
 * Compiles an expression before anything is sent, so that a wrong one costs no request.
 * @param pointer where it stands in the config, for messages
 * @throws HandlerFailure `extract_failed`, as the selector does on an answer it cannot handle
 */
export function selector(source: string, pointer: string): Selector {
  const expression: Expression = attempt(pointer, () => compileExpression(source));
  return (answer) => attempt(pointer, () => expression.evaluate(answer as unknown as Json));
}

function attempt<Result>(pointer: string, perform: () => Result): Result {
  try {
    return perform();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return fail('extract_failed', `the expression at "${pointer}": ${error.message}`, {
      details: { pointer, ...error.details },
    });
  }
}

/**
 * The values of `response_extract`, in its shape: one expression, or several by name.
 * @throws HandlerFailure `extract_failed` when one selects nothing
 */
export function extractor(source: string | Readonly<Record<string, string>>): (answer: Answer) => Json {
  if (typeof source === 'string') return required(source, '/response_extract');
  const named = Object.entries(source).map(
    ([name, each]) => [name, required(each, `/response_extract/${name}`)] as const,
  );
  return (answer) => Object.fromEntries(named.map(([name, select]) => [name, select(answer)]));
}

function required(source: string, pointer: string): (answer: Answer) => Json {
  const select = selector(source, pointer);
  return (answer) => {
    const value = select(answer);
    if (value !== undefined) return value;
    return fail('extract_failed', `the expression at "${pointer}" selects nothing in the answer`, {
      details: { pointer, expression: source },
    });
  };
}
