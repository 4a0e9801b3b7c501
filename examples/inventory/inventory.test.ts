import type { JsonObject } from '../../kernel/json.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { assert, suite } from '../../testing/suite.ts';
import { resultOf } from '../example.ts';
import { runInventory } from './run.ts';
import type { Article } from './service.ts';

const test = suite('example: inventory');

/** The rows of the export, from 0, that are not as they should be. */
const DIRTY = [17, 203, 338, 512, 640, 871, 999];

test('reports of a thousand rows what plain code counts, and which it left out', async () => {
  const events: TaskEvent[] = [];
  const { task, service } = await runInventory({ say: () => undefined, show: (event) => void events.push(event) });
  assert.is(task.status, 'complete');

  assert.is(service.articles.length, 1_000);
  assert.equal(service.log, ['GET /inventory.csv → 200', 'POST /reports → 201']);
  assert.is(service.reports.size, 1);
  const { total, left_out } = service.reports.values().next().value!;
  const clean = service.articles.filter((_, row) => !DIRTY.includes(row));
  assert.is(total.articles, 993);
  assert.is(total.value, worthOf(clean));
  assert.is(total.low_stock, clean.filter(missing).length);
  assert.equal(
    total.most_missing.map((each) => each.missing),
    clean
      .flatMap((each) => missing(each) ?? [])
      .toSorted((a, b) => b - a)
      .slice(0, 5),
  );
  const categories = Object.groupBy(clean, ({ category }) => String(category));
  assert.equal(
    total.categories,
    Object.fromEntries(
      Object.entries(categories).map(([name, articles]) => [
        name,
        { articles: articles!.length, value: worthOf(articles!) },
      ]),
    ),
  );
  assert.equal(
    left_out.map(({ line }) => line),
    DIRTY.map((row) => row + 2),
  );
  assert.equal(left_out[1], { line: 205, sku: 'S-0203', reasons: ['/quantity must be integer'] });

  const rows = task.steps.find(({ name }) => name === 'parse')!.result as JsonObject[];
  assert.equal(
    rows.map(({ name }) => name),
    service.articles.map(({ name }) => name),
    'commas and quotes in cells survive',
  );

  const workers = task.steps.filter(({ name }) => name.startsWith('analyse['));
  assert.equal(
    workers.map(({ result }) => (result as JsonObject)['articles']),
    [199, 199, 199, 198, 198],
  );
  const ids = workers.map(({ step_id }) => step_id);
  const started = events.findLastIndex((event) => event.kind === 'step_enqueued' && ids.includes(event.step_id));
  const ended = events.findIndex((event) => event.kind === 'step_completed' && ids.includes(event.step_id));
  assert.ok(started < ended, 'all five are under way before the first is done');
  assert.equal(resultOf(task, 'split')['batches'], 5);
});

/** Sums of cents, so that the order of adding does not matter. */
function worthOf(articles: readonly Article[]): number {
  const cents = articles.map(({ quantity, unit_price }) => Number(quantity) * Math.round(Number(unit_price) * 100));
  return cents.reduce((sum, each) => sum + each, 0) / 100;
}

function missing({ quantity, reorder_level }: Article): number | undefined {
  const short = Number(reorder_level) - Number(quantity);
  return short > 0 ? short : undefined;
}
