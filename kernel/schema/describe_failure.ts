import type { ErrorObject } from 'ajv';
import type { Json } from '../json.ts';
import { canonicalJson } from './canonical.ts';
import { didYouMean } from './nearest.ts';
import { pointerToken } from './pointer.ts';
import type { SchemaProblem } from './problem.ts';
import { isObject } from './walk.ts';

/** So many names or values are listed in a message; all are in `expected`. */
const LISTED_MAX = 8;
const TEXT_LENGTH_MAX = 100;

/** Says one of ajv's errors (`verbose`) in words that follow the pointer: `/retry/base_ms must be at least 0`. */
export function describeFailure(error: ErrorObject): SchemaProblem {
  const { keyword, instancePath: pointer, params } = error;
  const data = error.data as Json;
  const limit = error.schema as Json;
  const say = (message: string): SchemaProblem => ({ pointer, keyword, message, got: gist(data) });
  switch (keyword) {
    case 'type':
      return mustBeTypes(pointer, keyword, [params['type'] as string | string[]].flat(), data);
    case 'enum':
      return mustBeValues(pointer, keyword, limit as readonly Json[], data);
    case 'const':
      return mustBeValues(pointer, keyword, [limit], data);
    case 'required':
      return {
        pointer,
        keyword,
        message: `is missing the key ${quote(params['missingProperty'])}`,
        ...(Array.isArray(limit) ? { expected: limit } : {}),
      };
    case 'dependentRequired':
      return {
        pointer,
        keyword,
        message: `with the key ${quote(params['property'])} it needs the key ${quote(params['missingProperty'])}`,
      };
    case 'additionalProperties':
      return unknownKey(error, params['additionalProperty']);
    case 'unevaluatedProperties':
      return unknownKey(error, params['unevaluatedProperty']);
    case 'false schema':
      return say('is not allowed here');
    case 'minimum':
      return say(`must be at least ${limit}`);
    case 'maximum':
      return say(`must be at most ${limit}`);
    case 'exclusiveMinimum':
      return say(`must be above ${limit}`);
    case 'exclusiveMaximum':
      return say(`must be below ${limit}`);
    case 'multipleOf':
      return say(`must be a multiple of ${limit}`);
    case 'minLength':
      return say(`must have at least ${count(limit, 'character')}`);
    case 'maxLength':
      return say(`must have at most ${count(limit, 'character')}`);
    case 'minItems':
      return say(`must have at least ${count(limit, 'item')}, but has ${lengthOf(data)}`);
    case 'maxItems':
      return say(`must have at most ${count(limit, 'item')}, but has ${lengthOf(data)}`);
    case 'minProperties':
      return say(`must have at least ${count(limit, 'key')}, but has ${lengthOf(data)}`);
    case 'maxProperties':
      return say(`must have at most ${count(limit, 'key')}, but has ${lengthOf(data)}`);
    case 'items':
    case 'unevaluatedItems':
      return say(`must have at most ${count(params['limit'] ?? params['len'], 'item')}, but has ${lengthOf(data)}`);
    case 'pattern':
      return { ...say(`must match the pattern ${quote(limit)}`), ...meant(error) };
    case 'format':
      return say(`must be a valid ${limit}`);
    case 'uniqueItems':
      return say(`must not repeat an item: ${repetition(data as readonly Json[])}`);
    case 'contains':
      return say(containsMessage(params as { minContains: number; maxContains?: number }));
    case 'not':
      return say('must not be what its schema excludes');
    case 'oneOf':
      return say('fits more than one of the alternatives, and must fit exactly one');
    case 'anyOf':
      return say('fits none of the alternatives');
    default:
      return say(error.message ?? `fails ${quote(keyword)}`);
  }
}

/** A value of the wrong type. */
export function mustBeTypes(pointer: string, keyword: string, types: readonly string[], data: Json): SchemaProblem {
  const names = [...new Set(types)];
  const expected: Json = names.length === 1 ? names[0]! : names;
  return { pointer, keyword, message: `must be ${or(names)}, but is ${typeName(data)}`, expected, got: gist(data) };
}

/** A value that is none of the allowed ones. */
export function mustBeValues(pointer: string, keyword: string, values: readonly Json[], data: Json): SchemaProblem {
  const names = values.filter((value) => typeof value === 'string');
  const suggestion = typeof data === 'string' ? didYouMean(data, names) : undefined;
  return {
    pointer,
    keyword,
    message: `must be ${values.length > 1 ? 'one of ' : ''}${list(values)}`,
    expected: values.length === 1 ? values[0]! : values,
    got: gist(data),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** What a schema calls the type of a value. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

function unknownKey(error: ErrorObject, key: string): SchemaProblem {
  const properties = (error.parentSchema as { properties?: Json } | undefined)?.properties;
  const names = isObject(properties) ? Object.keys(properties) : [];
  const suggestion = didYouMean(key, names);
  return {
    pointer: `${error.instancePath}/${pointerToken(key)}`,
    keyword: error.keyword,
    message: `unknown key ${quote(key)}`,
    ...(names.length === 0 ? {} : { expected: names }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** What a pattern is for, in the schema's own words, which say more than the pattern. */
function meant({ parentSchema }: ErrorObject): { readonly expected?: string } {
  const description: unknown = (parentSchema as { description?: unknown } | undefined)?.description;
  return typeof description === 'string' ? { expected: description } : {};
}

function containsMessage({ minContains, maxContains }: { minContains: number; maxContains?: number }): string {
  const bounds = maxContains === undefined ? `at least ${minContains}` : `${minContains} to ${maxContains}`;
  return `must contain ${bounds} of the items that "contains" describes`;
}

function repetition(items: readonly Json[]): string {
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const text = canonicalJson(item);
    const earlier = first.get(text);
    if (earlier !== undefined) return `item ${index} equals item ${earlier}`;
    first.set(text, index);
  }
  return 'two are equal';
}

/** A value short enough to be shown: containers become the name of their type. */
function gist(value: Json): Json {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'string' ? cut(value) : value;
}

const cut = (text: string) => (text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text);
const quote = (value: unknown) => cut(JSON.stringify(value));
const or = (names: readonly string[]) => names.join(names.length > 2 ? ', ' : ' or ').replace(/, ([^,]+)$/, ' or $1');
const lengthOf = (data: Json) => Object.keys(data as object).length;
const count = (limit: unknown, noun: string) => `${limit} ${noun}${limit === 1 ? '' : 's'}`;

function list(values: readonly Json[]): string {
  const shown = values.slice(0, LISTED_MAX).map(quote).join(', ');
  return values.length > LISTED_MAX ? `${shown} or ${values.length - LISTED_MAX} others` : shown;
}
