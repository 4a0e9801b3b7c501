import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Json, JsonObject } from './json.ts';

/** Where and how a value does not meet its schema. */
export interface SchemaProblem {
  /** JSON pointer (RFC 6901) into the value. */
  readonly pointer: string;
  /** The schema's keyword that is not met. */
  readonly keyword: string;
  readonly message: string;
}

/** A compiled schema. */
export interface Schema {
  /** Every problem, in the order of the schema, at most `PROBLEMS_MAX`; empty when the value meets it. */
  check(value: Json): SchemaProblem[];
}

/** A text that is no JSON Schema 2020-12; the message says why. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaError';
  }
}

export const PROBLEMS_MAX = 100;

const ajv = newAjv();
// Compiles the meta-schema, which takes longest, while the component is built.
ajv.validateSchema({});

/**
 * Compiles a JSON Schema 2020-12, given as data: inside the guest, where running what ajv generates is no danger.
 * Formats are those of ajv-formats; keywords that nobody knows are refused, unless they begin with `x-`.
 * @throws SchemaError
 */
export function compileSchema(schema: Json): Schema {
  let validate: ValidateFunction;
  try {
    allowExtensions(schema);
    validate = ajv.compile(schema as JsonObject | boolean);
  } catch (error) {
    throw new SchemaError((error as Error).message);
  }
  return {
    check: (value) => (validate(value) ? [] : (validate.errors ?? []).slice(0, PROBLEMS_MAX).map(problem)),
  };
}

function newAjv(): Ajv2020 {
  return new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allErrors: true,
    allowMatchingProperties: true,
    ownProperties: true,
    // Several schemas may have the same $id.
    addUsedSchema: false,
    multipleOfPrecision: 10,
    formats: fullFormats,
    logger: false,
  });
}

/** Makes every `x-` name in the schema a keyword without effect; the names of properties among them do not mind. */
function allowExtensions(schema: Json): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, value] of Object.entries(schema)) {
    if (/^x-[\w$:-]+$/.test(name) && !ajv.RULES.keywords[name]) ajv.addKeyword(name);
    allowExtensions(value);
  }
}

function problem({ instancePath, keyword, message, params }: ErrorObject): SchemaProblem {
  return { pointer: instancePath, keyword, message: `${message ?? keyword}${named(params)}` };
}

/** What ajv's own message leaves out. */
function named(params: Record<string, unknown>): string {
  const { additionalProperty, unevaluatedProperty, allowedValues, allowedValue } = params;
  const name = additionalProperty ?? unevaluatedProperty;
  if (typeof name === 'string') return `: "${name}"`;
  if (allowedValues !== undefined) return `: ${JSON.stringify(allowedValues)}`;
  return allowedValue === undefined ? '' : `: ${JSON.stringify(allowedValue)}`;
}
