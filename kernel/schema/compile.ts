import type { Format, ValidateFunction } from 'ajv';
import type { Json } from '../json.ts';
import { createAjv, FUEL, OutOfFuel } from './ajv_instance.ts';
import { canonicalJson } from './canonical.ts';
import { explain } from './explain.ts';
import { guardSchema } from './guard.ts';
import type { Problem, SchemaProblem } from './problem.ts';
import { type Regex, type Vocabulary, vocabularyProblems } from './vocabulary.ts';
import { followRef, isObject, type Schema, subschemas } from './walk.ts';

export type { Regex };

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
  const vocabulary: Vocabulary = {
    engine: options.regexEngine ?? ((pattern, flags) => new RegExp(pattern, flags)),
    formats: options.formats ?? {},
  };
  const byIdentity = new WeakMap<object, CompiledSchema>();
  const byText = new Map<string, CompiledSchema>();
  const cache_max = options.cache_max ?? 256;

  const compileText = (text: string): CompiledSchema => {
    const compiled = byText.get(text) ?? compileGuarded(JSON.parse(text), vocabulary);
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
function compileGuarded(schema: Schema, vocabulary: Vocabulary): CompiledSchema {
  const problems = vocabularyProblems(schema, vocabulary);
  if (problems.length > 0) return { ok: false, problems };

  const fuel = { left: 0 };
  const prepared = prepare(schema);
  const ajv = createAjv(vocabulary, fuel);
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
      const errors = validate.errors ?? [];
      // They hold on to the value.
      validate.errors = null;
      return explain(errors, { root: prepared, unknown }).slice(0, PROBLEMS_MAX);
    },
  };
}

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
