/**
 * What a keyword's value must be: a schema, several, or a plain value of the named form. `any` is not looked at.
 * `count` is a non-negative integer, `strings` an array without repetition, `string_lists` an object of `strings`.
 */
export type KeywordForm =
  | 'schema'
  | 'schemas'
  | 'schema_map'
  | 'reference'
  | 'array'
  | 'types'
  | 'values'
  | 'pattern'
  | 'string'
  | 'strings'
  | 'string_lists'
  | 'number'
  | 'positive'
  | 'count'
  | 'boolean'
  | 'any';

interface Keyword {
  readonly form: KeywordForm;
  /** Of a keyword with subschemas: whether they see the same value as the schema they stand in. */
  readonly in_place?: true;
}

/**
 * The keywords of JSON Schema 2020-12 that Weft accepts, complete but for what `REFUSED_KEYWORDS` names. Keywords
 * that begin with `x-` are annotations and may hold anything.
 */
export const KEYWORDS: Readonly<Record<string, Keyword>> = {
  $schema: { form: 'string' },
  $id: { form: 'string' },
  $comment: { form: 'string' },
  $ref: { form: 'reference', in_place: true },
  $defs: { form: 'schema_map' },
  definitions: { form: 'schema_map' },

  allOf: { form: 'schemas', in_place: true },
  anyOf: { form: 'schemas', in_place: true },
  oneOf: { form: 'schemas', in_place: true },
  not: { form: 'schema', in_place: true },
  if: { form: 'schema', in_place: true },
  then: { form: 'schema', in_place: true },
  else: { form: 'schema', in_place: true },
  dependentSchemas: { form: 'schema_map', in_place: true },

  properties: { form: 'schema_map' },
  patternProperties: { form: 'schema_map' },
  additionalProperties: { form: 'schema' },
  propertyNames: { form: 'schema' },
  unevaluatedProperties: { form: 'schema' },
  prefixItems: { form: 'schemas' },
  items: { form: 'schema' },
  contains: { form: 'schema' },
  unevaluatedItems: { form: 'schema' },

  type: { form: 'types' },
  enum: { form: 'values' },
  const: { form: 'any' },
  multipleOf: { form: 'positive' },
  minimum: { form: 'number' },
  maximum: { form: 'number' },
  exclusiveMinimum: { form: 'number' },
  exclusiveMaximum: { form: 'number' },
  minLength: { form: 'count' },
  maxLength: { form: 'count' },
  pattern: { form: 'pattern' },
  minItems: { form: 'count' },
  maxItems: { form: 'count' },
  uniqueItems: { form: 'boolean' },
  minContains: { form: 'count' },
  maxContains: { form: 'count' },
  minProperties: { form: 'count' },
  maxProperties: { form: 'count' },
  required: { form: 'strings' },
  dependentRequired: { form: 'string_lists' },

  format: { form: 'string' },
  contentEncoding: { form: 'string' },
  contentMediaType: { form: 'string' },
  contentSchema: { form: 'schema' },
  title: { form: 'string' },
  description: { form: 'string' },
  default: { form: 'any' },
  examples: { form: 'array' },
  deprecated: { form: 'boolean' },
  readOnly: { form: 'boolean' },
  writeOnly: { form: 'boolean' },
};

/** Keywords of other drafts and dialects, and those that reach outside the schema, with what to write instead. */
export const REFUSED_KEYWORDS: Readonly<Record<string, string>> = {
  $anchor: 'refer by JSON pointer, as "#/$defs/name"',
  $dynamicAnchor: 'refer by JSON pointer, as "#/$defs/name"',
  $dynamicRef: 'use "$ref" with a JSON pointer, as "#/$defs/name"',
  $recursiveAnchor: 'refer by JSON pointer, as "#/$defs/name"',
  $recursiveRef: 'use "$ref" with a JSON pointer, as "#/$defs/name"',
  $vocabulary: 'leave it out: the vocabulary is that of draft 2020-12',
  $data: 'write the value itself',
  id: 'use "$id" at the root, or leave it out',
  additionalItems: 'use "prefixItems" for the first items and "items" for the rest',
  dependencies: 'use "dependentRequired" or "dependentSchemas"',
  nullable: 'list "null" among the types, as ["string", "null"]',
  discriminator: 'give each alternative of "oneOf" a property with "const"',
  example: 'use "examples" with an array',
};

/** The types a schema may name. `integer` is a number without a fraction. */
export const TYPE_NAMES = ['null', 'boolean', 'object', 'array', 'string', 'number', 'integer'] as const;
