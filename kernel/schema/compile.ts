import type { Format } from 'ajv';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json, JsonObject } from '../json.ts';
import { canonicalJson } from './canonical.ts';
import { explain } from './explain.ts';
import { guardSchema } from './guard.ts';
import { didYouMean } from './nearest.ts';
import { pointerToken } from './pointer.ts';
import type { Problem, SchemaProblem } from './problem.ts';
import { followRef, isObject, type Schema, subschemas } from './walk.ts';

/** A compiled regular expression. */
export interface Regex {
  test(text: string): boolean;
}

export interface SchemaCompilerOptions {
  /**
   * Compiles `pattern` and `patternProperties`; throws on what it cannot. Absent: the platform's own engine, which a
   * hostile pattern can stall, so that schemas from outside need one with linear time.
   */
  readonly regexEngine?: (pattern: string, flags: string) => Regex;
  /** What `format` may name, in ajv's form (as ajv-formats has them); none when absent. */
  readonly formats?: Readonly<Record<string, Format>>;
  /** How many compiled schemas are kept. */
  readonly cache_max?: number;
}

export interface CheckOptions {
  /**
   * Pointers of values that are not known yet, as those that references will fill in: problems that hang on them are
   * not reported.
   */
  readonly unknown?: readonly string[];
}

export type CompiledSchema =
  | { readonly ok: true; check(value: Json, options?: CheckOptions): readonly SchemaProblem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Compiles JSON Schemas 2020-12 from anywhere: each is guarded first, and the same schema is compiled once. */
export interface SchemaCompiler {
  /** Schemas are never mutated: an object that was compiled once is not looked at again. */
  compile(schema: Json): CompiledSchema;
}

/** One check gives up after so many uses of `$ref`: recursive schemas can make the work grow exponentially. */
const REFERENCES_MAX = 500_000;

/** So many problems of one value are reported. */
const PROBLEMS_MAX = 100;

/** Makes a compiler. Compiling is synchronous and pure; nothing is ever fetched. */
export function createSchemaCompiler(options: SchemaCompilerOptions = {}): SchemaCompiler {
  const byIdentity = new WeakMap<object, CompiledSchema>();
  const byText = new Map<string, CompiledSchema>();
  const cache_max = options.cache_max ?? 256;

  const compileText = (text: string): CompiledSchema => {
    const compiled = byText.get(text) ?? compileGuarded(JSON.parse(text), options);
    // A Map remembers insertion order: the first key is the one unused for longest.
    byText.delete(text);
    byText.set(text, compiled);
    if (byText.size > cache_max) byText.delete(byText.keys().next().value!);
    return compiled;
  };

  return {
    compile(schema) {
      const known = typeof schema === 'object' && schema !== null ? byIdentity.get(schema) : undefined;
      if (known !== undefined) return known;
      const guarded = guardSchema(schema);
      const compiled: CompiledSchema =
        guarded.length > 0 ? { ok: false, problems: guarded } : compileText(canonicalJson(schema));
      if (typeof schema === 'object' && schema !== null) byIdentity.set(schema, compiled);
      return compiled;
    },
  };
}

/** `schema` is the compiler's own: it is rewritten for ajv. */
function compileGuarded(schema: Schema, options: SchemaCompilerOptions): CompiledSchema {
  const engine = options.regexEngine ?? ((pattern: string, flags: string) => new RegExp(pattern, flags));
  const formats = options.formats ?? {};
  const problems = Array.from(subschemas(schema)).flatMap(([pointer, subschema]) =>
    isObject(subschema) ? vocabularyProblems(subschema, pointer, engine, formats) : [],
  );
  if (problems.length > 0) return { ok: false, problems };

  const fuel = { left: 0 };
  const prepared = prepare(schema);
  // One instance for each schema: an instance never forgets what it compiled.
  const ajv = new Ajv2020({
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allErrors: true,
    verbose: true,
    // Copying them into each use would let code grow with references times size.
    inlineRefs: false,
    // Inherited names as `constructor` are not properties.
    ownProperties: true,
    // The check behind it runs patterns on the platform's engine.
    allowMatchingProperties: true,
    multipleOfPrecision: 10,
    formats: { ...formats },
    logger: false,
    code: { regExp: Object.assign(namedRegex(engine), { code: 'weftRegex' }) },
  });
  ajv.addKeyword({
    keyword: FUEL,
    errors: false,
    validate: () => {
      if (fuel.left-- <= 0) throw new OutOfFuel();
      return true;
    },
  });
  // ajv compares every pair of items.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: false,
    validate: (unique: boolean, items: readonly Json[]) =>
      !unique || new Set(items.map((item) => canonicalJson(item))).size === items.length,
  });

  let validate: ValidateFunction;
  try {
    validate = ajv.compile(prepared);
  } catch (error) {
    const tooDeep = error instanceof RangeError;
    const message = tooDeep ? 'its references go too deep' : (error as Error).message;
    return { ok: false, problems: [{ pointer: '', message }] };
  }
  return {
    ok: true,
    check(value, { unknown = [] } = {}) {
      fuel.left = REFERENCES_MAX;
      try {
        if (validate(value)) return [];
      } catch (error) {
        return [error instanceof OutOfFuel || error instanceof RangeError ? TOO_MUCH : uncheckable(error as Error)];
      }
      return explain(validate.errors ?? [], { root: prepared, unknown }).slice(0, PROBLEMS_MAX);
    },
  };
}

/** Counts one use of a schema by reference. */
const FUEL = 'x-weft-fuel';

class OutOfFuel extends Error {}

const TOO_MUCH: SchemaProblem = {
  pointer: '',
  keyword: '$ref',
  message: 'is nested too deeply, or takes too long to check, for this recursive schema',
};

/** ajv generates code that throws for some schemas, as for `patternProperties` beside a `oneOf` with properties. */
const uncheckable = (error: Error): SchemaProblem => ({
  pointer: '',
  keyword: '$schema',
  message: `cannot be checked against this schema: ${error.message}`,
});

/** Takes annotations and names away, which mean nothing to ajv, and counts the uses of what is referred to. */
function prepare(schema: Schema): Schema {
  for (const subschema of subschemas(schema).values()) {
    if (typeof subschema === 'boolean') continue;
    for (const key of Object.keys(subschema)) {
      if (key.startsWith('x-') || key === '$id' || key === '$schema') delete (subschema as Record<string, Json>)[key];
    }
  }
  for (const subschema of subschemas(schema).values()) {
    if (typeof subschema === 'boolean' || typeof subschema['$ref'] !== 'string') continue;
    const target = followRef(schema, subschema['$ref']);
    if (isObject(target)) (target as Record<string, Json>)[FUEL] = true;
  }
  return schema;
}

/** ajv tells patterns apart by their text, so each must have its own. */
function namedRegex(engine: (pattern: string, flags: string) => Regex) {
  return (pattern: string, flags: string) => {
    const regex = engine(pattern, flags);
    return { test: (text: string) => regex.test(text), toString: () => `/${pattern}/${flags}` } as RegExp;
  };
}

/** Patterns the engine refuses, and formats nobody gave. */
function vocabularyProblems(
  schema: JsonObject,
  pointer: string,
  engine: (pattern: string, flags: string) => Regex,
  formats: Readonly<Record<string, Format>>,
): Problem[] {
  const problems: Problem[] = [];
  const tryPattern = (pattern: string, at: string) => {
    try {
      engine(pattern, 'u');
    } catch (error) {
      problems.push({
        pointer: at,
        message: `the pattern cannot be used: ${(error as Error).message}`,
        got: pattern,
        suggestion: 'patterns run in linear time: no lookaround and no backreferences',
      });
    }
  };
  const { pattern, patternProperties, format } = schema;
  if (typeof pattern === 'string') tryPattern(pattern, `${pointer}/pattern`);
  for (const key of isObject(patternProperties) ? Object.keys(patternProperties) : []) {
    tryPattern(key, `${pointer}/patternProperties/${pointerToken(key)}`);
  }
  if (typeof format === 'string' && !Object.hasOwn(formats, format)) {
    const suggestion = didYouMean(format, Object.keys(formats));
    problems.push({
      pointer: `${pointer}/format`,
      message: 'is no known format',
      got: format,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  return problems;
}
