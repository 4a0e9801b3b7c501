import type { Json, JsonObject } from '../json.ts';
import { followRef, inPlaceChildren, isObject, type Schema } from '../schema/walk.ts';

/** Which places of a config are special; paths are keys and indexes from the config's root. */
export interface ConfigMarks {
  /** Text there belongs to the handler (`x-weft-literal`): it and everything below is not interpolated. */
  literalAt(path: readonly (string | number)[]): boolean;
  /** A secret reference may stand there, or anywhere below (`x-weft-secret`). */
  secretAt(path: readonly (string | number)[]): boolean;
  /** The text there names a step that the decision may choose (`x-weft-step-name`). */
  stepNameAt(path: readonly (string | number)[]): boolean;
}

/**
 * Reads the marks of a (guarded) `configSchema`. A place is marked when any schema that may apply to it, or to what it
 * lies in, carries the mark with `true`: alternatives, conditions and patterns are all taken to apply.
 */
export function configMarks(configSchema: JsonObject): ConfigMarks {
  const marked = (mark: string) => (path: readonly (string | number)[]) => {
    let schemas = applying([configSchema], configSchema);
    for (const key of path) {
      if (schemas.some((schema) => schema[mark] === true)) return true;
      schemas = applying(
        schemas.flatMap((schema) => below(schema, key)),
        configSchema,
      );
    }
    return schemas.some((schema) => schema[mark] === true);
  };
  return {
    literalAt: marked('x-weft-literal'),
    secretAt: marked('x-weft-secret'),
    stepNameAt: marked('x-weft-step-name'),
  };
}

/** The schemas given and all that see the same value. */
function applying(schemas: readonly Schema[], root: Schema): JsonObject[] {
  const found = new Set<JsonObject>();
  const pending: (Schema | undefined)[] = [...schemas];
  while (pending.length > 0) {
    const schema = pending.pop();
    if (!isObject(schema) || found.has(schema)) continue;
    found.add(schema);
    for (const child of inPlaceChildren(schema)) pending.push(child.schema);
    if (typeof schema['$ref'] === 'string') pending.push(followRef(root, schema['$ref']));
  }
  return [...found];
}

/** The schemas that may see what is at the key or index of a value. */
function below(schema: JsonObject, key: string | number): Schema[] {
  const one = (value: Json | undefined) => (value === undefined ? [] : [value as Schema]);
  if (typeof key === 'number') {
    const { prefixItems, items, unevaluatedItems } = schema;
    const first = Array.isArray(prefixItems) ? (prefixItems as Schema[])[key] : undefined;
    return first === undefined ? [...one(items), ...one(unevaluatedItems)] : [first];
  }
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const patterns = isObject(patternProperties) ? (Object.values(patternProperties) as Schema[]) : [];
  if (isObject(properties) && Object.hasOwn(properties, key)) return [properties[key] as Schema, ...patterns];
  return [...patterns, ...one(additionalProperties), ...one(unevaluatedProperties)];
}
