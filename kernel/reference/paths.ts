import type { Json, JsonObject } from '../json.ts';
import { isObject, type Schema } from '../schema/walk.ts';
import { type Verdict, valuesOf, viewAt } from './view.ts';

/**
 * Whether a value that meets a (guarded) schema can have something at a path. `no` is certain: no valid value has it.
 * `yes` means that the schema declares it, `unknown` that the schema leaves it open.
 */
export function pathPossible(schema: JsonObject, path: readonly (string | number)[]): Verdict {
  return viewAt(schema, path).possible;
}

/**
 * A schema that every value at the path meets; undefined when the path is impossible or nothing is known. It speaks
 * of the value itself and not of what is inside it: for that, ask with a longer path.
 */
export function schemaAt(schema: JsonObject, path: readonly (string | number)[]): JsonObject | undefined {
  const found = viewAt(schema, path).schema;
  return isObject(found) ? found : undefined;
}

/**
 * Whether values that meet `from` meet `to`, by types and listed values alone: `no` when certainly none does, `yes`
 * when certainly all do. An integer is a number. A missing value, which is null at run time, is not considered.
 */
export function typesCompatible(from: JsonObject, to: JsonObject): Verdict {
  const given = kindsOf(from);
  const wanted = kindsOf(to);
  const values = listedValues(from)?.filter((value) => given.has(kindOf(value)));
  const allowed = listedValues(to);
  const fits = (value: Json) =>
    wanted.has(kindOf(value)) && (allowed === undefined || isContainer(value) || allowed.includes(value));
  if (values !== undefined ? !values.some(fits) : given.isDisjointFrom(wanted)) return 'no';
  if (values === undefined && allowed !== undefined && !allowed.some((value) => given.has(kindOf(value)))) return 'no';
  return isTypeOnly(to) && given.isSubsetOf(wanted) ? 'yes' : 'unknown';
}

/** The JSON types, with numbers split so that they do not overlap. */
const KINDS = ['null', 'boolean', 'object', 'array', 'string', 'integer', 'fraction'] as const;
type Kind = (typeof KINDS)[number];

function kindOf(value: Json): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'object' | 'string';
}

/** The kinds a value that meets the schema can have: never too few. */
function kindsOf(schema: Schema, depth = 0): ReadonlySet<Kind> {
  if (schema === false) return new Set();
  let kinds: ReadonlySet<Kind> = new Set(KINDS);
  if (schema === true || depth > DEPTH_MAX) return kinds;
  const { type, allOf } = schema;
  if (type !== undefined) kinds = new Set([type].flat().flatMap((name) => kindsOfType(name as string)));
  const values = valuesOf(schema);
  if (values !== undefined) kinds = kinds.intersection(new Set(values.map(kindOf)));
  for (const part of list(allOf)) kinds = kinds.intersection(kindsOf(part, depth + 1));
  for (const keyword of ['anyOf', 'oneOf']) {
    if (!Array.isArray(schema[keyword])) continue;
    const branches = list(schema[keyword]).map((branch) => kindsOf(branch, depth + 1));
    kinds = kinds.intersection(new Set(branches.flatMap((branch) => [...branch])));
  }
  return kinds;
}

function kindsOfType(name: string): readonly Kind[] {
  if (name === 'number') return ['integer', 'fraction'];
  return KINDS.filter((kind) => kind === name);
}

/** The only values that can meet the schema, when it lists them; it may list some that do not. */
function listedValues(schema: Schema, depth = 0): readonly Json[] | undefined {
  if (typeof schema === 'boolean' || depth > DEPTH_MAX) return undefined;
  const own = valuesOf(schema);
  if (own !== undefined) return own;
  for (const part of list(schema['allOf'])) {
    const values = listedValues(part, depth + 1);
    if (values !== undefined) return values;
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    if (!Array.isArray(schema[keyword])) continue;
    const branches = list(schema[keyword]).map((branch) => listedValues(branch, depth + 1));
    if (branches.every((values) => values !== undefined)) return branches.flat();
  }
  return undefined;
}

const DEPTH_MAX = 16;

const list = (value: Json | undefined) => (Array.isArray(value) ? (value as readonly Schema[]) : []);
const isContainer = (value: Json) => typeof value === 'object' && value !== null;

/** Annotations do not narrow what a schema accepts. */
const NOT_NARROWING = new Set(['type', 'title', 'description', 'default', 'examples', '$comment', 'deprecated']);
const isTypeOnly = (schema: JsonObject) =>
  Object.keys(schema).every((keyword) => NOT_NARROWING.has(keyword) || keyword.startsWith('x-'));
