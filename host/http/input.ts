import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../../kernel/json.ts';
import { didYouMean } from '../../kernel/schema/nearest.ts';
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

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true });

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
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map((error) => requestProblem(error, at)));
}

function requestProblem(error: ErrorObject, at: string): RequestProblem {
  const pointer = at + error.instancePath;
  switch (error.keyword) {
    case 'additionalProperties': {
      const got = error.params['additionalProperty'] as string;
      const known = Object.keys(error.parentSchema?.['properties'] as object);
      const suggestion = didYouMean(got, known);
      const message = `${JSON.stringify(got)} is not known here`;
      return { pointer, message, expected: known, got, ...(suggestion === undefined ? {} : { suggestion }) };
    }
    case 'enum':
      return {
        pointer,
        message: 'is none of the allowed values',
        expected: error.schema as Json,
        got: error.data as Json,
      };
    case 'type':
      return { pointer, message: error.message!, expected: error.schema as Json, got: kindOf(error.data) };
    default:
      return { pointer, message: error.message! };
  }
}

function kindOf(value: unknown): string {
  return value === null || value === undefined ? 'nothing' : Array.isArray(value) ? 'array' : typeof value;
}
