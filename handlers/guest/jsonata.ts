import jsonata from 'jsonata';
// $now, $millis and $toMillis read the time through Date.
import './clock.ts';
import { fail } from './failure.ts';
import type { Json, JsonObject } from './json.ts';

/** What one evaluation may use. */
export interface ExpressionLimits {
  /** Evaluated nodes of the expression, each time they are evaluated. */
  readonly steps: number;
  /** Elements of one sequence. */
  readonly sequence: number;
}

/** Enough for some 100,000 records, a few seconds of work at the most. */
export const EXPRESSION_LIMITS: ExpressionLimits = { steps: 2_000_000, sequence: 1_000_000 };

// Each level of the guest's stack is several of the engine's, which itself is inside a bounded one.
const STACK_MAX = 300;
const RESULT_DEPTH_MAX = 256;

/** The codes of a limit that was reached: stack, steps, range, sequence, nesting, memory. */
const LIMIT_CODES = ['D1011', 'D1012', 'D2014', 'D2015', 'E0003', 'E0004'];

/** How engines say that there is no more room for a text or a list. */
const OUT_OF_MEMORY = /out of memory|invalid (string|array) length|string too long/i;

/** Why an expression cannot be compiled or evaluated. */
export class ExpressionError extends Error {
  /**
   * JSONata's own (`S…`: syntax, `T…`: types, `D…`: evaluation), or one of the guest's: `E0001` something else, as an
   * impossible regular expression; `E0002` the value is a function; `E0003` the text nests too deeply; `E0004` no memory.
   */
  readonly code: string;
  /** Offset into the expression, in UTF-16 units. */
  readonly position: number | undefined;
  readonly token: string | undefined;
  /** Whether the expression is right but asked for too much. */
  readonly limit: boolean;
  /** Whether it was compiled and failed over this input. */
  readonly compiled: boolean;

  constructor(code: string, message: string, compiled: boolean, position?: number, token?: string) {
    super(message);
    this.name = 'ExpressionError';
    this.code = code;
    this.position = position;
    this.token = token;
    this.limit = LIMIT_CODES.includes(code);
    this.compiled = compiled;
  }

  /** For the `details` of a failure. */
  get details(): { code: string; position?: number; token?: string } {
    return {
      code: this.code,
      ...(this.position === undefined ? {} : { position: this.position }),
      ...(this.token === undefined ? {} : { token: this.token }),
    };
  }
}

/** A compiled expression. */
export interface Expression {
  /**
   * The value over `input`, or undefined when the expression selects nothing.
   * @throws ExpressionError
   */
  evaluate(input: Json, bindings?: Readonly<Record<string, Json>>): Json | undefined;
}

/** The synchronous form that the toolchain makes of the package. */
const compileSynchronous = jsonata as unknown as (
  source: string,
  options: { timeout: number; stack: number; sequence: number },
) => { evaluate(input: Json, bindings: Readonly<Record<string, Json>>): unknown };

/**
 * Compiles a JSONata 2.2.2 expression. Time is the run's, randomness the step's, `$eval` does not exist.
 * @throws ExpressionError
 */
export function compileExpression(source: string, limits: ExpressionLimits = EXPRESSION_LIMITS): Expression {
  const options = { timeout: limits.steps, stack: STACK_MAX, sequence: limits.sequence };
  const compiled = attempt(limits, false, () => compileSynchronous(source, options));
  return {
    evaluate: (input, bindings = {}) =>
      attempt(limits, true, () => {
        const value = compiled.evaluate(input, bindings);
        assertJson(value, 0);
        return value as Json | undefined;
      }),
  };
}

/** Whether a condition's value counts as true: JSONata's own `$boolean`. */
export function isTruthy(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some(isTruthy);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/**
 * Ends the run with the failure that an expression's error is: `expression_invalid`, `expression_failed` or
 * `expression_limit`, JSONata's code and position in the details. Anything but an `ExpressionError` is thrown on.
 * @param subject what failed, as the message's beginning
 */
export function failExpression(error: unknown, subject: string, details: JsonObject = {}): never {
  if (!(error instanceof ExpressionError)) throw error;
  const code = error.limit ? 'expression_limit' : error.compiled ? 'expression_failed' : 'expression_invalid';
  const at = error.position === undefined ? '' : ` (at character ${error.position})`;
  fail(code, `${subject}: ${error.message}${at}`, { details: { ...error.details, ...details } });
}

function attempt<Result>(limits: ExpressionLimits, compiled: boolean, perform: () => Result): Result {
  try {
    return perform();
  } catch (thrown) {
    throw expressionError(thrown, compiled, limits);
  }
}

function expressionError(thrown: unknown, compiled: boolean, limits: ExpressionLimits): ExpressionError {
  if (thrown instanceof ExpressionError) return thrown;
  const { code, message, position, token } = thrown as Partial<Record<string, unknown>>;
  if (typeof code !== 'string') {
    const text = String(message ?? thrown);
    return OUT_OF_MEMORY.test(text)
      ? new ExpressionError('E0004', 'the expression needs more memory than there is', compiled)
      : new ExpressionError('E0001', text, compiled);
  }
  return new ExpressionError(
    code,
    limitMessage(code, limits) ?? String(message ?? code),
    compiled,
    typeof position === 'number' ? position : undefined,
    typeof token === 'string' || typeof token === 'number' ? String(token) : undefined,
  );
}

function limitMessage(code: string, { steps, sequence }: ExpressionLimits): string | undefined {
  if (code === 'D1011')
    return `the expression nests its calls more than ${STACK_MAX} deep; look for recursion without end`;
  if (code === 'D1012')
    return `the expression took more than ${steps} steps; select less, or split the work into batches`;
  if (code === 'D2014' || code === 'D2015') return `the expression makes a sequence of more than ${sequence} elements`;
  return undefined;
}

/** Functions, which JSONata has as values, are no JSON; neither is what a serializer's recursion cannot follow. */
function assertJson(value: unknown, depth: number): void {
  if (typeof value === 'function') refuse('E0002', 'the expression gives a function, not a value');
  if (typeof value !== 'object' || value === null) return;
  if (depth === RESULT_DEPTH_MAX) refuse('D1011', `the value nests more than ${RESULT_DEPTH_MAX} deep`);
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) {
    refuse('E0002', 'the expression gives a function, not a value');
  }
  for (const member of Array.isArray(value) ? value : Object.values(value)) assertJson(member, depth + 1);
}

function refuse(code: string, message: string): never {
  throw new ExpressionError(code, message, true);
}
