import type { Json, JsonObject } from '../json.ts';
import { cyclePointer } from './cycle.ts';
import { KEYWORDS, type KeywordForm, REFUSED_KEYWORDS, TYPE_NAMES } from './keywords.ts';
import { didYouMean } from './nearest.ts';
import { pointerToken } from './pointer.ts';
import type { Problem } from './problem.ts';
import { type SizeLimits, sizeProblem } from './size.ts';
import { isObject, isSchema, keywordOf, localPointer, type Schema, subschemas } from './walk.ts';

/** What a schema from outside may cost. */
export interface SchemaLimits extends SizeLimits {
  readonly subschemas_max: number;
  /** Members of one `allOf`, `anyOf`, `oneOf` or `enum`. */
  readonly branches_max: number;
  readonly pattern_length_max: number;
}

export const SCHEMA_LIMITS: SchemaLimits = {
  depth_max: 64,
  size_max: 512 * 1024,
  subschemas_max: 2_000,
  branches_max: 256,
  pattern_length_max: 1_000,
};

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * Decides whether a schema that came from outside may be compiled: a valid JSON Schema 2020-12 without unknown
 * keywords, that refers only into itself, within limits, and whose references do not loop on one value. Total: any
 * JSON gets an answer, empty when the schema is fine. It does not look inside patterns and formats; the compiler does.
 */
export function guardSchema(schema: Json, limits: SchemaLimits = SCHEMA_LIMITS): Problem[] {
  const oversize = sizeProblem(schema, limits);
  if (oversize !== undefined) return [oversize];
  if (!isSchema(schema)) return [wrong('', 'a schema is an object or a boolean', schema)];
  const all = subschemas(schema);
  if (all.size > limits.subschemas_max) {
    return [{ pointer: '', message: `has ${all.size} subschemas; at most ${limits.subschemas_max} are allowed` }];
  }
  const problems: Problem[] = [];
  for (const [pointer, subschema] of all) {
    if (typeof subschema === 'boolean') continue;
    for (const [keyword, value] of Object.entries(subschema)) {
      const found = keywordProblems({ pointer, keyword, value, all, limits });
      problems.push(...found);
    }
  }
  if (problems.length > 0) return problems;
  const cycle = cyclePointer(all);
  if (cycle === undefined) return [];
  return [{ pointer: cycle, message: 'this reference leads back to itself without going into the value' }];
}

interface KeywordUse {
  /** Of the schema the keyword stands in. */
  readonly pointer: string;
  readonly keyword: string;
  readonly value: Json;
  readonly all: ReadonlyMap<string, Schema>;
  readonly limits: SchemaLimits;
}

function keywordProblems(use: KeywordUse): readonly Problem[] {
  const { keyword, value } = use;
  if (keyword.startsWith('x-')) return [];
  const at = `${use.pointer}/${pointerToken(keyword)}`;
  const entry = keywordOf(keyword);
  if (entry === undefined) {
    const instead = Object.hasOwn(REFUSED_KEYWORDS, keyword) ? REFUSED_KEYWORDS[keyword] : undefined;
    const suggestion = instead ?? didYouMean(keyword, Object.keys(KEYWORDS));
    const message = `${instead ? 'unsupported' : 'unknown'} keyword ${JSON.stringify(keyword)}`;
    return [{ pointer: at, message, ...(suggestion === undefined ? {} : { suggestion }) }];
  }
  if (keyword === '$id' && use.pointer !== '') return [{ pointer: at, message: '"$id" is allowed at the root only' }];
  if (keyword === '$schema' && value !== DIALECT && value !== `${DIALECT}#`) {
    return [{ ...wrong(at, 'only draft 2020-12 is supported', value), expected: DIALECT }];
  }
  return FORMS[entry.form](value, at, use);
}

type FormCheck = (value: Json, at: string, use: KeywordUse) => readonly Problem[];

const FORMS: Readonly<Record<KeywordForm, FormCheck>> = {
  any: () => [],
  array: (value, at) => demand(Array.isArray(value), at, 'must be an array', value),
  schema: (value, at) => demand(isSchema(value), at, 'must be a schema: an object or a boolean', value),
  schemas: (value, at, { limits }) => {
    if (!Array.isArray(value) || value.length === 0)
      return [wrong(at, 'must be an array of schemas, not empty', value)];
    const odd = value.findIndex((item) => !isSchema(item));
    return [
      ...branches(value, at, limits),
      ...demand(odd < 0, `${at}/${odd}`, 'must be a schema: an object or a boolean', value[odd] ?? null),
    ];
  },
  schema_map: (value, at, { keyword, limits }) => {
    if (!isObject(value)) return [wrong(at, 'must be an object with schemas', value)];
    return Object.entries(value).flatMap(([name, item]) => {
      const below = `${at}/${pointerToken(name)}`;
      return [
        ...demand(isSchema(item), below, 'must be a schema: an object or a boolean', item),
        ...(keyword === 'patternProperties' ? patternLength(name, below, limits) : []),
      ];
    });
  },
  reference: (value, at, { all }) => {
    if (typeof value !== 'string') return [wrong(at, 'must be a string', value)];
    const target = localPointer(value);
    if (target === undefined) {
      return [wrong(at, 'only references into the same schema are allowed, as "#/$defs/name"', value)];
    }
    if (all.has(target)) return [];
    const suggestion = didYouMean(
      value,
      Array.from(all.keys(), (pointer) => `#${pointer}`),
    );
    return [{ ...wrong(at, 'leads to no schema', value), ...(suggestion === undefined ? {} : { suggestion }) }];
  },
  types: (value, at) => {
    const names: readonly Json[] = Array.isArray(value) ? value : [value];
    const known = names.every((name) => TYPE_NAMES.some((type) => type === name));
    if (known && names.length > 0 && new Set(names).size === names.length) return [];
    const suggestion = typeof value === 'string' ? didYouMean(value, TYPE_NAMES) : undefined;
    const problem = { ...wrong(at, 'must be a type or a list of different types', value), expected: [...TYPE_NAMES] };
    return [suggestion === undefined ? problem : { ...problem, suggestion }];
  },
  values: (value, at, { limits }) =>
    Array.isArray(value) && value.length > 0
      ? branches(value, at, limits)
      : [wrong(at, 'must be an array of values, not empty', value)],
  pattern: (value, at, { limits }) =>
    typeof value === 'string' ? patternLength(value, at, limits) : [wrong(at, 'must be a string', value)],
  string: (value, at) => demand(typeof value === 'string', at, 'must be a string', value),
  strings: (value, at) => demand(isStrings(value), at, 'must be an array of different strings', value),
  string_lists: (value, at) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, item]) =>
          demand(isStrings(item), `${at}/${pointerToken(name)}`, 'must be an array of different strings', item),
        )
      : [wrong(at, 'must be an object with arrays of strings', value)],
  number: (value, at) => demand(typeof value === 'number', at, 'must be a number', value),
  positive: (value, at) => demand(typeof value === 'number' && value > 0, at, 'must be a number above 0', value),
  count: (value, at) =>
    demand(Number.isInteger(value) && (value as number) >= 0, at, 'must be a whole number, 0 or more', value),
  boolean: (value, at) => demand(typeof value === 'boolean', at, 'must be true or false', value),
};

function demand(holds: boolean, pointer: string, message: string, value: Json): readonly Problem[] {
  return holds ? [] : [wrong(pointer, message, value)];
}

function wrong(pointer: string, message: string, value: Json): Problem {
  return { pointer, message, got: typeof value === 'object' && value !== null ? shape(value) : value };
}

const shape = (value: readonly Json[] | JsonObject) => (Array.isArray(value) ? 'an array' : 'an object');

function isStrings(value: Json): boolean {
  return (
    Array.isArray(value) && value.every((item) => typeof item === 'string') && new Set(value).size === value.length
  );
}

function branches(value: readonly Json[], at: string, limits: SchemaLimits): readonly Problem[] {
  return value.length <= limits.branches_max
    ? []
    : [{ pointer: at, message: `has ${value.length} members; at most ${limits.branches_max} are allowed` }];
}

function patternLength(pattern: string, at: string, limits: SchemaLimits): readonly Problem[] {
  return pattern.length <= limits.pattern_length_max
    ? []
    : [{ pointer: at, message: `the pattern has more than ${limits.pattern_length_max} characters` }];
}
