import { complete, defineHandler, fail, type Json, type JsonObject } from '../guest/index.ts';
import { isTruthy } from '../guest/jsonata.ts';
import { checkOutput } from '../guest/output_schema.ts';
import { aggregationOf, keyOf } from './aggregation.ts';
import capability from './capability.json' with { type: 'json' };
import { expressionOf } from './expressions.ts';
import { readItems } from './items.ts';
import type { Config, Counts, FailedItem, Item, Label, Part } from './types.ts';

const DETAILS_MAX = 100;

/** Brings many results together. */
export const handler = defineHandler<Config, { items: readonly Json[] | JsonObject | null }>({
  capability,
  run({ config, inputs }) {
    // Every expression is compiled before anything is read, so that a wrong one shows whatever the items are.
    const aggregate = aggregationOf(config);
    const take = taker(config);
    const { items, failed } = readItems(inputs.items, config);
    const parts = take(items);
    const counts = {
      items: items.length + failed.length,
      used: parts.length,
      failed: failed.length,
      left_out: items.length - parts.length,
    };
    const failures = failed.slice(0, DETAILS_MAX).map((each) => ({ ...each }));
    checkTolerance(config, counts, failures);
    const value = aggregate(parts, { counts, failures });
    checkOutput(config.output_schema, value);
    return complete({ value, counts, failures });
  },
});

/** Decides what takes part: what `where` lets through, as `select` makes it, under the key of its group. */
function taker(config: Config): (items: readonly Item[]) => Part[] {
  const { on_missing, limits, group } = config;
  const compile = (source: string | undefined, field: string) =>
    source === undefined ? undefined : expressionOf(source, field, limits);
  const where = compile(config.where, 'where');
  const select = compile(config.select, 'select');
  const by = compile(group?.by, 'group.by');
  return (items) => {
    const parts: Part[] = [];
    const missing: Label[] = [];
    for (const each of items) {
      const { item, value } = each;
      if (value !== null && where !== undefined && !isTruthy(where(value, item))) continue;
      const selected = value === null || select === undefined ? value : (select(value, item) ?? null);
      const key = value === null || by === undefined ? value : (by(value, item) ?? null);
      const isMissing = selected === null || key === null;
      if (!isMissing || on_missing === 'null') {
        parts.push({ item, value: selected, key: by === undefined ? '' : keyOf(key, each) });
      } else if (on_missing === 'fail') {
        missing.push(item);
      }
    }
    if (missing.length > 0) {
      const names = missing.slice(0, DETAILS_MAX);
      fail('input_missing', `${missing.length} item(s) have no value; set "on_missing" to "skip" or "null"`, {
        details: { items: names },
      });
    }
    return parts;
  };
}

function checkTolerance({ tolerance }: Config, counts: Counts, failures: readonly FailedItem[]): void {
  const { count, percentage } = tolerance;
  const { items, failed } = counts;
  const isOver =
    (count !== undefined && failed > count) || (percentage !== undefined && failed * 100 > percentage * items);
  if (!isOver) return;
  const allowed = [
    ...(count === undefined ? [] : [`${count}`]),
    ...(percentage === undefined ? [] : [`${percentage} %`]),
  ].join(' and ');
  fail('tolerance_exceeded', `${failed} of ${items} items failed; "tolerance" allows ${allowed}`, {
    details: { counts: { ...counts }, failures: failures.map((each) => ({ ...each })) },
  });
}
