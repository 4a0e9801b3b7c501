import type { TaskView } from '../../host/orchestrator/port.ts';
import { resultOf, type Stage, startExample } from '../example.ts';
import { type OrderService, startOrderService } from './service.ts';

/** Takes in the shop's orders once and says how it went. */
export async function runOrders(stage: Stage): Promise<{ readonly task: TaskView; readonly service: OrderService }> {
  const service = await startOrderService(0);
  const weft = await startExample(import.meta.dirname, { ports: { 7431: service.port } });
  try {
    return { task: await weft.run({ service_url: service.url }, stage), service };
  } finally {
    await weft.close();
    await service.close();
  }
}

/** The same with what the shop's server saw. */
export async function showOrders(stage: Stage): Promise<void> {
  const { task, service } = await runOrders(stage);
  stage.say(`\nthe shop's server saw:`);
  for (const line of service.log) stage.say(`  ${line}`);
  stage.say(
    `booked ${JSON.stringify(resultOf(task, 'book_orders')['body'])} under ${service.booked.size} idempotency key`,
  );
  stage.say(`left out ${JSON.stringify(resultOf(task, 'total_orders')['left_out'])}`);
}
