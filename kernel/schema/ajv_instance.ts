import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../json.ts';
import { canonicalJson } from './canonical.ts';
import type { Regex, Vocabulary } from './vocabulary.ts';

/** A keyword that burns fuel wherever it stands. */
export const FUEL = 'x-weft-fuel';

/** The fuel ran out: the check is given up. */
export class OutOfFuel extends Error {}

/**
 * Makes an ajv for one guarded schema: an instance never forgets what it compiled. What it compiles takes from `fuel`
 * and throws `OutOfFuel`; beyond ajv's own it knows the keyword `FUEL` and no annotations.
 */
export function createAjv({ engine, formats }: Vocabulary, fuel: { left: number }): Ajv2020 {
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
  return ajv;
}

/** ajv tells patterns apart by their text, so each must have its own. */
function namedRegex(engine: (pattern: string, flags: string) => Regex) {
  return (pattern: string, flags: string) => {
    const regex = engine(pattern, flags);
    return { test: (text: string) => regex.test(text), toString: () => `/${pattern}/${flags}` } as RegExp;
  };
}
