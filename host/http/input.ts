import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from '../../kernel/json.ts';
import { createSchemaCompiler } from '../../kernel/schema/compile.ts';
import { type RequestProblem, requestInvalid } from './problem.ts';
import type { Route, Schema } from './route.ts';

/** The parts of a request that a route's schemas speak of. */
export interface Input {
  readonly query: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** The query fields of a request, read as their schemas say. */
export type CheckedQuery = Readonly<Record<string, unknown>>;

const compiler = createSchemaCompiler();

/**
 * Compiles a route's schemas into one check that finds every problem of a request at once and gives its query back
 * as typed values.
 * @throws request_invalid, when the check is called
 */
export function compileInput({ query = {}, headers = {}, body }: Route): (input: Input) => CheckedQuery {
  const checkQuery = compilePart({ type: 'object', properties: query, additionalProperties: false }, '/query');
  const checkHeaders = compilePart({ type: 'object', properties: headers }, '/headers');
  const checkBody = body === undefined ? () => [] : compilePart(body, '/body');
  return (input) => {
    const asked = typed(input.query as Record<string, unknown>, query);
    const problems = [...checkQuery(asked), ...checkHeaders(input.headers), ...checkBody(input.body)];
    if (problems.length > 0) throw requestInvalid(problems);
    return asked;
  };
}

/** Query strings are text: lists come separated by commas or repeated, numbers as digits. */
function typed(query: Record<string, unknown>, schemas: Readonly<Record<string, Schema>>): CheckedQuery {
  const read = ([name, value]: [string, unknown]): [string, unknown] => {
    const type = schemas[name]?.['type'];
    if (type === 'array') return [name, [value].flat().flatMap((item) => String(item).split(','))];
    if (type === 'integer' && /^\d{1,15}$/.test(String(value))) return [name, Number(value)];
    return [name, value];
  };
  return Object.fromEntries(Object.entries(query).map(read));
}

function compilePart(schema: Schema, at: string): (value: unknown) => readonly RequestProblem[] {
  const compiled = compiler.compile(schema);
  if (!compiled.ok) throw new TypeError(`${at}: ${compiled.problems.map(({ message }) => message).join('; ')}`);
  return (value) =>
    compiled
      .check((value ?? null) as Json)
      .map(({ keyword: _keyword, pointer, ...problem }) => ({ pointer: at + pointer, ...problem }));
}
