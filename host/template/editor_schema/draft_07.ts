import type { Json, JsonObject } from '../../../kernel/json.ts';
import { pointerToken } from '../../../kernel/schema/pointer.ts';
import { followRef, isObject, isSchema, type Schema } from '../../../kernel/schema/walk.ts';

/**
 * How a schema treats places where a reference (`${…}`) stands, whose value nobody knows yet.
 * - `plain`: a reference is a text like any other.
 * - `possible`: it accepts what may turn out to be valid; a reference may be anything.
 * - `certain`: it accepts only what is valid whatever the references turn out to be; for conditions and `not`.
 */
export type Mode = 'plain' | 'possible' | 'certain';

/** The name of the definition that every schema with references leans on. */
export const REFERENCE = 'reference';

/** A text that holds a reference. */
export const REFERENCE_SCHEMA: JsonObject = {
  type: 'string',
  pattern: '\\$\\{',
  description: 'A reference, as ${steps.NAME.result.field}, ${task.context.field} or ${secrets.NAME}.',
};

const NEVER: Schema = false;
const HAS_REFERENCE: JsonObject = { $ref: `#/definitions/${REFERENCE}` };

/** What draft-07 does not know: without it a schema accepts more. */
const UNKNOWN_TO_DRAFT_07 = new Set([
  'unevaluatedProperties',
  'unevaluatedItems',
  'minContains',
  'maxContains',
  '$dynamicRef',
]);
const SILENT = new Set(['$schema', '$id', '$anchor', '$dynamicAnchor', '$vocabulary', '$defs', 'definitions']);
/** Schemas of what lies inside a value. */
const PLACES = new Set(['additionalProperties', 'items', 'contains']);
const PLACE_MAPS = new Set(['properties', 'patternProperties']);
/** A schema with nothing else accepts a reference as it is, provided that it accepts texts. */
const HARMLESS = new Set(['type', 'title', 'description', 'default', 'examples', 'deprecated']);

/**
 * Writes JSON Schemas 2020-12 as draft-07, which is what editors check YAML with. Local `$ref`s become definitions
 * under a prefix; marks (`x-…`) are left out; what draft-07 cannot say is not checked.
 */
export class Draft07 {
  readonly definitions: Record<string, Json> = { [REFERENCE]: REFERENCE_SCHEMA };

  /** A schema, its definitions named after `prefix`. */
  write(root: Schema, prefix: string, mode: Mode): Schema {
    return this.#schema(root, mode, root, prefix);
  }

  #schema(schema: Schema, mode: Mode, root: Schema, prefix: string): Schema {
    if (!isObject(schema)) return schema;
    if (schema['x-weft-literal'] === true && mode !== 'plain') return this.#schema(schema, 'plain', root, prefix);
    const inside = (value: Schema, as: Mode = mode) => this.#schema(value, as, root, prefix);
    const place = (value: Schema) => this.#place(value, mode, root, prefix);
    const out: Record<string, Json> = {};
    const also: Schema[] = [];
    for (const [keyword, value] of Object.entries(schema)) {
      if (SILENT.has(keyword) || keyword.startsWith('x-')) continue;
      if (UNKNOWN_TO_DRAFT_07.has(keyword)) {
        if (mode === 'certain') return NEVER;
      } else if (PLACES.has(keyword)) {
        if (keyword === 'items' && schema['prefixItems'] !== undefined) out['additionalItems'] = place(value as Schema);
        else out[keyword] = place(value as Schema);
      } else if (keyword === 'prefixItems') {
        out['items'] = (value as Schema[]).map(place);
      } else if (PLACE_MAPS.has(keyword)) {
        out[keyword] = mapOf(value as JsonObject, place);
      } else if (keyword === 'dependentRequired') {
        out['dependencies'] = { ...(out['dependencies'] as JsonObject), ...(value as JsonObject) };
      } else if (keyword === 'dependentSchemas') {
        out['dependencies'] = { ...(out['dependencies'] as JsonObject), ...mapOf(value as JsonObject, inside) };
      } else if (keyword === 'allOf' || keyword === 'anyOf') {
        out[keyword] = (value as Schema[]).map((each) => inside(each));
      } else if (keyword === 'oneOf') {
        const branches = (value as Schema[]).map((each) => inside(each));
        const exact = branches.every((each, index) => same(each, inside((value as Schema[])[index]!, 'plain')));
        if (!exact && mode === 'certain') return NEVER;
        also.push({ [exact ? 'oneOf' : 'anyOf']: branches });
      } else if (keyword === 'not') {
        also.push({ not: inside(value as Schema, opposite(mode)) });
      } else if (keyword === 'if') {
        if (mode === 'certain') return NEVER;
        also.push(...this.#condition(schema, mode, inside));
      } else if (keyword === 'then' || keyword === 'else') {
        // With their `if`.
      } else if (keyword === '$ref') {
        also.push({ $ref: this.#definition(value as string, mode, root, prefix) });
      } else {
        out[keyword] = value;
      }
    }
    // Draft-07 looks at nothing beside `$ref`, and a schema may have an `allOf` already.
    return also.length === 0 ? out : { ...out, allOf: [...((out['allOf'] as Json[] | undefined) ?? []), ...also] };
  }

  /** A schema of what lies inside a value, where a reference may stand instead. */
  #place(schema: Schema, mode: Mode, root: Schema, prefix: string): Schema {
    const written = this.#schema(schema, mode, root, prefix);
    const literal = isObject(schema) && schema['x-weft-literal'] === true;
    if (mode === 'plain' || literal || !isObject(written) || acceptsAnyText(written)) return written;
    if (mode === 'certain') return { allOf: [written, { not: HAS_REFERENCE }] };
    // Editors show what stands here and complete from the alternatives.
    const { description, default: preset, ...rest } = written;
    return {
      ...(description === undefined ? {} : { description }),
      ...(preset === undefined ? {} : { default: preset }),
      anyOf: [rest, HAS_REFERENCE],
    };
  }

  /** `then` holds when the condition certainly does, `else` when it certainly does not. */
  #condition(schema: JsonObject, mode: Mode, inside: (value: Schema, as?: Mode) => Schema): Schema[] {
    const { if: condition, then: yes, else: no } = schema as Record<string, Schema | undefined>;
    const certain = mode === 'plain' ? 'plain' : 'certain';
    return [
      ...(yes === undefined ? [] : [{ if: inside(condition!, certain), then: inside(yes) }]),
      ...(no === undefined ? [] : [{ if: inside(condition!), else: inside(no) }]),
    ];
  }

  #definition(ref: string, mode: Mode, root: Schema, prefix: string): string {
    const name = `${prefix}${ref.slice(1)}${mode === 'plain' ? '' : `/${mode}`}`.replaceAll('/', '.');
    if (!Object.hasOwn(this.definitions, name)) {
      // In its place first: it may refer to itself.
      this.definitions[name] = true;
      const target = followRef(root, ref);
      this.definitions[name] = target === undefined ? true : this.#schema(target, mode, root, prefix);
    }
    return `#/definitions/${pointerToken(name)}`;
  }
}

function opposite(mode: Mode): Mode {
  return mode === 'possible' ? 'certain' : mode === 'certain' ? 'possible' : 'plain';
}

function mapOf(value: JsonObject, write: (schema: Schema) => Schema): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, isSchema(each) ? write(each) : each]));
}

function acceptsAnyText(schema: JsonObject): boolean {
  const { type } = schema;
  const texts = type === undefined || type === 'string' || (Array.isArray(type) && type.includes('string'));
  return texts && Object.keys(schema).every((keyword) => HARMLESS.has(keyword));
}

function same(a: Schema, b: Schema): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
