import { complete, defineHandler, fail, type Json, type JsonObject } from '../guest/index.ts';
import capability from './capability.json' with { type: 'json' };
import { type Check, compileCheck, select } from './checks.ts';
import type { Reason, ValidateConfig } from './types.ts';

/** So many invalid items are in a failure's details. */
const DETAILS_MAX = 20;

interface Invalid {
  readonly index: number;
  readonly item: Json;
  readonly reasons: readonly Reason[];
}

/** Checks a value, or each item of a list, and splits valid from invalid. */
export const handler = defineHandler<ValidateConfig, JsonObject>({
  capability,
  run({ config, inputs }) {
    const check = compileCheck(config);
    const value = config.source === undefined ? inputs : select(config.source, inputs);
    return complete(
      config.each ? checkItems(listOf(value), check, config, inputs) : checkValue(value, check, config, inputs),
    );
  },
});

/** JSONata gives a list of one as the one, and an empty one as nothing. */
function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function checkItems(items: readonly Json[], check: Check, config: ValidateConfig, inputs: JsonObject): Json {
  const valid: Json[] = [];
  const invalid: Invalid[] = [];
  for (const [index, item] of items.entries()) {
    const reasons = check(item, { inputs, index });
    if (reasons.length === 0) valid.push(item);
    else invalid.push({ index, item, reasons });
  }
  const counts = { total: items.length, valid: valid.length, invalid: invalid.length };
  const reported = invalid.map(({ index, item, reasons }) => ({
    index,
    ...(config.on_invalid === 'flag' ? { item } : {}),
    reasons: json(reasons),
  }));
  const [first] = invalid;
  if (first !== undefined && config.on_invalid === 'fail') {
    fail(
      'invalid',
      `${invalid.length} of ${items.length} are invalid; item ${first.index}: ${summary(first.reasons)}`,
      {
        details: { counts, invalid: reported.slice(0, DETAILS_MAX) },
      },
    );
  }
  return { ok: first === undefined, valid, invalid: reported, counts };
}

function checkValue(value: Json | undefined, check: Check, config: ValidateConfig, inputs: JsonObject): Json {
  if (value === undefined) return fail('source_failed', '"/source" selects nothing in the inputs');
  const reasons = check(value, { inputs });
  const ok = reasons.length === 0;
  const counts = { total: 1, valid: ok ? 1 : 0, invalid: ok ? 0 : 1 };
  if (!ok && config.on_invalid === 'fail') {
    fail('invalid', `the value is invalid: ${summary(reasons)}`, { details: { counts, reasons: json(reasons) } });
  }
  return { ok, value: ok || config.on_invalid === 'flag' ? value : null, reasons: json(reasons), counts };
}

const SUMMARY_MAX = 3;

function summary(reasons: readonly Reason[]): string {
  const said = reasons
    .slice(0, SUMMARY_MAX)
    .map(({ pointer, message }) => (pointer === '' ? message : `${pointer} ${message}`));
  return said.join('; ') + (reasons.length > SUMMARY_MAX ? '; …' : '');
}

function json(reasons: readonly Reason[]): Json {
  return reasons.map((reason) => ({ ...reason }));
}
