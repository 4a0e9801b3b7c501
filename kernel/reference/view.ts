import type { Json, JsonObject } from '../json.ts';
import { followRef, inPlaceChildren, isObject, keywordOf, type Schema } from '../schema/walk.ts';
import { valueAt } from './resolve.ts';

/** `no` is certain; `yes` means declared, which a value may still lack. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** What a schema says about the place at the end of a path. */
export interface View {
  readonly possible: Verdict;
  /** Every value found there meets it; it holds no `$ref` and no schemas of what is inside the value. */
  readonly schema: Schema;
}

/** So many schemas are looked at for one path; the rest is unknown. */
const VISITS_MAX = 2_000;
/** So many of them inside each other, whatever stack there is left. */
const DEPTH_MAX = 256;

const NOTHING: View = { possible: 'no', schema: false };
const ANYTHING: View = { possible: 'unknown', schema: true };

/**
 * Follows a path through a schema, without knowing a value. Strings step into properties and numbers into items.
 * What it cannot decide for certain it leaves open: `not`, patterns, the condition of `if`, counts.
 */
export function viewAt(root: Schema, path: readonly (string | number)[]): View {
  let visits = VISITS_MAX;
  let depth = 0;

  const look = (schema: Schema, at: number): View => {
    if (schema === false) return NOTHING;
    if (schema === true) return at === path.length ? { possible: 'yes', schema } : ANYTHING;
    if (visits-- <= 0 || depth === DEPTH_MAX) return ANYTHING;
    depth++;
    const view = every([
      at === path.length ? { possible: 'yes', schema: own(schema) } : step(schema, at),
      ...inPlace(schema, at),
    ]);
    depth--;
    return view;
  };

  /** What the schemas that see the same value say. */
  const inPlace = (schema: JsonObject, at: number): View[] => {
    const views: View[] = [];
    const list = (value: Json | undefined) => (Array.isArray(value) ? (value as Schema[]) : []);
    for (const part of list(schema['allOf'])) views.push(look(part, at));
    for (const keyword of ['anyOf', 'oneOf']) {
      if (Array.isArray(schema[keyword])) views.push(some(list(schema[keyword]).map((branch) => look(branch, at))));
    }
    if (schema['if'] !== undefined) {
      views.push(some([schema['then'] ?? true, schema['else'] ?? true].map((branch) => look(branch as Schema, at))));
    }
    if (typeof schema['$ref'] === 'string') views.push(look(followRef(root, schema['$ref']) ?? true, at));
    return views;
  };

  /** What a schema's own keywords say about the next key or index. */
  const step = (schema: JsonObject, at: number): View => {
    const key = path[at]!;
    const type = typeof key === 'number' ? 'array' : 'object';
    if (schema['type'] !== undefined && ![schema['type']].flat().includes(type)) return NOTHING;
    const values = valuesOf(schema)
      ?.map((value) => valueAt(value, path.slice(at)))
      .filter((value) => value !== undefined);
    if (values !== undefined) return values.length > 0 ? { possible: 'yes', schema: { enum: values } } : NOTHING;
    return typeof key === 'number' ? item(schema, key, at + 1) : property(schema, key, at + 1);
  };

  const item = (schema: JsonObject, index: number, next: number): View => {
    const { prefixItems, items, maxItems } = schema;
    if (typeof maxItems === 'number' && index >= maxItems) return NOTHING;
    const first = Array.isArray(prefixItems) ? (prefixItems as Schema[])[index] : undefined;
    return undeclared(first ?? (items as Schema | undefined), next);
  };

  /** What is allowed rather than named is not declared by that. */
  const undeclared = (schema: Schema | undefined, at: number): View =>
    schema === undefined || schema === true ? ANYTHING : look(schema, at);

  const property = (schema: JsonObject, key: string, next: number): View => {
    const { patternProperties, additionalProperties, unevaluatedProperties } = schema;
    const named = propertyOf(schema['properties'], key);
    const dependent = propertyOf(schema['dependentSchemas'], key);
    // The key is there when the path is, so that what depends on it applies.
    const views = dependent === undefined ? [] : [look(dependent, next - 1)];
    if (named !== undefined) return every([look(named, next), ...views]);
    // Which patterns match is not known here: any may, or none.
    const patterns = isObject(patternProperties) ? (Object.values(patternProperties) as Schema[]) : [];
    const rest = undeclared(additionalProperties as Schema | undefined, next);
    views.push(some([...patterns.map((each) => look(each, next)), rest]));
    if (unevaluatedProperties !== undefined && patterns.length === 0 && additionalProperties === undefined) {
      if (!mayEvaluate(schema, key)) views.push(look(unevaluatedProperties as Schema, next));
    }
    return every(views);
  };

  /** Whether a schema that sees the same value may take the key out of `unevaluatedProperties`. */
  const mayEvaluate = (schema: JsonObject, key: string): boolean => {
    const target = typeof schema['$ref'] === 'string' ? followRef(root, schema['$ref']) : undefined;
    return [target, ...inPlaceChildren(schema).map((child) => child.schema)].some((part) => {
      if (!isObject(part)) return false;
      if (visits-- <= 0 || propertyOf(part['properties'], key) !== undefined) return true;
      if (EVALUATORS.some((keyword) => part[keyword] !== undefined)) return true;
      return mayEvaluate(part, key);
    });
  };

  return look(root, 0);
}

const EVALUATORS = ['patternProperties', 'additionalProperties', 'unevaluatedProperties'];

/** The values a schema allows, when it lists them. */
export function valuesOf(schema: JsonObject): readonly Json[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined;
}

function propertyOf(map: Json | undefined, key: string): Schema | undefined {
  return isObject(map) && Object.hasOwn(map, key) ? (map[key] as Schema) : undefined;
}

/** The keywords of a schema that judge the value alone: no reference and no schema among them. */
function own(schema: JsonObject): Schema {
  const entries = Object.entries(schema).filter(([keyword]) => {
    const form = keywordOf(keyword)?.form;
    return form !== undefined && form !== 'reference' && !form.startsWith('schema');
  });
  return entries.length === 0 ? true : Object.fromEntries(entries);
}

/** All views hold at once. */
function every(views: readonly View[]): View {
  if (views.some((view) => view.possible === 'no')) return NOTHING;
  const schemas = views.map((view) => view.schema).filter((schema) => schema !== true);
  return {
    possible: views.some((view) => view.possible === 'yes') ? 'yes' : 'unknown',
    schema: schemas.length > 1 ? { allOf: schemas } : (schemas[0] ?? true),
  };
}

/** At least one of the views holds. */
function some(views: readonly View[]): View {
  const open = views.filter((view) => view.possible !== 'no');
  if (open.length === 0) return NOTHING;
  const schemas = open.map((view) => view.schema);
  return {
    possible: open.some((view) => view.possible === 'yes') ? 'yes' : 'unknown',
    schema: schemas.includes(true) ? true : schemas.length > 1 ? { anyOf: schemas } : schemas[0]!,
  };
}
