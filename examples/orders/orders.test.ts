import { assert, suite } from '../../testing/suite.ts';
import { SILENT } from '../example.ts';
import { runOrders } from './run.ts';

const test = suite('example: order intake');

test('fetches all pages, leaves out the bad orders with reasons, books the good ones once', async () => {
  const { task, service } = await runOrders(SILENT);
  assert.is(task.status, 'complete');
  const result = (name: string): Record<string, unknown> =>
    task.steps.find((step) => step.name === name)!.result as Record<string, unknown>;
  assert.equal(result('check_orders')['counts'], { total: 7, valid: 4, invalid: 3 });
  assert.is(result('total_orders')['total'], 564);
  assert.equal(
    (result('total_orders')['left_out'] as { index: number }[]).map(({ index }) => index),
    [2, 4, 6],
  );
  assert.is(service.booked.size, 1, 'three attempts, one idempotency key, one booking');
  assert.ok(service.log.includes('GET /orders?page=2 → 429'));
  assert.is(service.log.filter((line) => line === 'POST /ledger → 500').length, 2);
  const attempts = Object.fromEntries(task.steps.map((step) => [step.name, step.attempt]));
  assert.equal(attempts, { fetch_orders: 2, check_orders: 1, total_orders: 1, book_orders: 3 });
});
