import type { JsonObject } from '../../kernel/json.ts';
import { followRef, isObject, type Schema } from '../../kernel/schema/walk.ts';

/** A key that a schema knows, as a table shows it. */
export interface Field {
  /** `pagination.link.max_pages`, `rules[].when`, `headers.<name>`. */
  readonly path: string;
  readonly type: string;
  /** In Markdown; `required` where the key must be there. */
  readonly preset: string | undefined;
  /** What its `x-weft-…` marks mean. */
  readonly marks: readonly string[];
  readonly description: string;
}

const DEPTH_MAX = 6;

const MARKS: Readonly<Record<string, string>> = {
  'x-weft-literal': '*Not interpolated.*',
  'x-weft-secret': '*Takes secrets.*',
  'x-weft-step-name': '*Names a step.*',
};

/** The keys of a schema and of what lies inside, in document order; local `$ref`s are followed. */
export function fieldsOf(root: JsonObject): readonly Field[] {
  return fieldsBelow(root, root, '', 0);
}

function fieldsBelow(schema: JsonObject, root: JsonObject, path: string, depth: number): readonly Field[] {
  if (depth > DEPTH_MAX) return [];
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : [];
  const properties = isObject(schema['properties']) ? (schema['properties'] as Record<string, Schema>) : {};
  const own = Object.entries(properties).flatMap(([key, value]) =>
    fieldsAt(value, root, path === '' ? key : `${path}.${key}`, required.includes(key), depth),
  );
  const others = schema['additionalProperties'];
  const items = schema['items'];
  const alternatives = [schema['anyOf'], schema['oneOf']].flatMap((each) =>
    Array.isArray(each) ? (each as Schema[]) : [],
  );
  return [
    ...own,
    ...(isObject(others) ? fieldsAt(others, root, path === '' ? '<name>' : `${path}.<name>`, false, depth) : []),
    ...(isObject(items) ? fieldsBelow(resolved(items, root), root, `${path}[]`, depth + 1) : []),
    ...alternatives.flatMap((each) => (isObject(each) ? fieldsBelow(resolved(each, root), root, path, depth + 1) : [])),
  ].filter((field, index, all) => all.findIndex(({ path: other }) => other === field.path) === index);
}

function fieldsAt(value: Schema, root: JsonObject, path: string, required: boolean, depth: number): readonly Field[] {
  // `true` only names a key that stands elsewhere.
  if (!isObject(value)) return [];
  const schema = resolved(value, root);
  const { description = '', default: preset } = schema;
  const marks = Object.entries(MARKS).flatMap(([mark, text]) => (schema[mark] === true ? [text] : []));
  const shown = required ? 'required' : preset === undefined ? undefined : `\`${JSON.stringify(preset)}\``;
  const field = { path, type: typeOf(schema, root), preset: shown, marks, description: String(description) };
  return [field, ...fieldsBelow(schema, root, path, depth + 1)];
}

/** A schema with what its `$ref` leads to; its own keywords go first. */
function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  const target = typeof schema['$ref'] === 'string' ? followRef(root, schema['$ref']) : undefined;
  return isObject(target) ? { ...target, ...schema } : schema;
}

function typeOf(schema: JsonObject, root: JsonObject): string {
  const { enum: values, const: only, type, items } = schema;
  if (Array.isArray(values)) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  const alternatives = [schema['anyOf'], schema['oneOf']].find(Array.isArray) as Schema[] | undefined;
  if (type === undefined && alternatives !== undefined) {
    return alternatives.map((each) => (isObject(each) ? typeOf(resolved(each, root), root) : 'any')).join(' or ');
  }
  if (type === 'array') return isObject(items) ? `list of ${typeOf(resolved(items, root), root)}` : 'list';
  return [type ?? 'any'].flat().join(' or ') + rangeOf(schema);
}

function rangeOf({ minimum, maximum }: JsonObject): string {
  if (minimum === undefined && maximum === undefined) return '';
  return `, ${minimum ?? ''} … ${maximum ?? ''}`;
}
